"""The WebSocket API's $connect and $disconnect."""

from __future__ import annotations

from typing import Any

from souk.kernel.errors import Forbidden
from souk.timeline.websocket_handler import websocket_handler
from tests.kernel.builders import CONTEXT


class Api:
    """A WebSocket API whose only valid ticket is `good`."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self._handle = websocket_handler(self._connect, self.open.remove)

    def _connect(self, connection_id: str, ticket: str) -> None:
        if ticket != "good":
            raise Forbidden("no")
        self.open.append(connection_id)

    def send(self, event_type: str, query: dict[str, str] | None = None) -> int:
        """Returns the status code."""
        context = {"eventType": event_type, "connectionId": "c-1"}
        event: dict[str, Any] = {"requestContext": context, "queryStringParameters": query}
        status: int = self._handle(event, CONTEXT)["statusCode"]
        return status


def test_a_client_with_a_ticket_connects_and_disconnects() -> None:
    api = Api()

    assert api.send("CONNECT", {"ticket": "good"}) == 200
    assert api.open == ["c-1"]
    assert api.send("DISCONNECT") == 200
    assert api.open == []


def test_a_client_without_a_valid_ticket_is_rejected() -> None:
    api = Api()

    assert api.send("CONNECT", {"ticket": "bad"}) == 403
    assert api.send("CONNECT") == 403
    assert api.open == []
