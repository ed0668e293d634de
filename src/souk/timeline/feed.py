"""Sends events of the live feed to connections of a WebSocket API."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from souk.kernel import aws
from souk.kernel.logs import logger
from souk.timeline.domain import RecentEvent


@cache
def _management_client(endpoint: str) -> Any:
    return aws.client("apigatewaymanagementapi", endpoint=endpoint)


class WebSocketFeed:
    """`endpoint` is the callback URL of the WebSocket API's stage."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def send(self, connection_id: str, event: RecentEvent) -> bool:
        """False when API Gateway does not know the connection: it is closed, or not open yet.

        Any other error is logged and the event is dropped: the live feed never delays the consumer.
        """
        client = _management_client(self._endpoint)  # created only when there is a connection
        try:
            client.post_to_connection(ConnectionId=connection_id, Data=msgspec.json.encode(event))
        except client.exceptions.GoneException:
            return False
        except (BotoCoreError, ClientError) as error:
            logger.warning("not sent to a connection", exc_info=error)
        return True
