"""Handles $connect and $disconnect of a WebSocket API. The shop reads no messages from clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel.errors import ApiError
from souk.kernel.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext


def websocket_handler(
    connect: Callable[[str, str], None], disconnect: Callable[[str], None]
) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    """The Lambda handler of the routes $connect and $disconnect.

    `connect(connection_id, ticket)` raises ApiError to reject a connection. The ticket is a query
    parameter because a browser cannot set headers on a WebSocket request.
    """

    def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        context = event["requestContext"]
        if context["eventType"] == "DISCONNECT":
            disconnect(context["connectionId"])
            return {"statusCode": 200}
        ticket = (event.get("queryStringParameters") or {}).get("ticket", "")
        try:
            connect(context["connectionId"], ticket)
        except ApiError as error:
            logger.info("connection rejected", reason=error.slug)
            return {"statusCode": error.status}
        logger.info("connected")
        return {"statusCode": 200}

    return handle
