"""What those who watch are sent, over a WebSocket API."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from souk.journal.domain import News
from souk.kernel import aws
from souk.kernel.logs import logger


@cache
def connections(endpoint: str) -> Any:
    """Of one WebSocket API, whose address it has."""
    return aws.client("apigatewaymanagementapi", endpoint=endpoint)


class SocketFeed:
    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def post(self, connection_id: str, told: News) -> bool:
        """What cannot be sent just now is not sent: no fact waits for somebody who watches."""
        client = connections(self._endpoint)  # made when somebody watches at all
        try:
            client.post_to_connection(ConnectionId=connection_id, Data=msgspec.json.encode(told))
        except client.exceptions.GoneException:
            return False
        except (BotoCoreError, ClientError) as error:
            logger.warning("not sent to a watcher", exc_info=error)
        return True
