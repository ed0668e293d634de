"""The WebSocket edge: who may connect, and who has gone. What a client sends is not listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel.errors import Refusal
from souk.kernel.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext


def sockets(
    admit: Callable[[str, str], None], forget: Callable[[str], None]
) -> Callable[[dict[str, Any], LambdaContext], dict[str, Any]]:
    """The Lambda handler of a WebSocket API's $connect and $disconnect.

    `admit(connection_id, ticket)` refuses whom it does not know; a browser can send no header
    with a WebSocket, so the ticket is the query parameter of that name.
    """

    def handle(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
        context = event["requestContext"]
        if context["eventType"] == "DISCONNECT":
            forget(context["connectionId"])
            return {"statusCode": 200}
        ticket = (event.get("queryStringParameters") or {}).get("ticket", "")
        try:
            admit(context["connectionId"], ticket)
        except Refusal as refusal:
            logger.info("not admitted", reason=refusal.slug)
            return {"statusCode": refusal.status}
        logger.info("admitted")
        return {"statusCode": 200}

    return handle
