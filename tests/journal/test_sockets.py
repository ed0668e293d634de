"""The WebSocket edge: in with a ticket, and out."""

from __future__ import annotations

from typing import Any

from souk.journal.sockets import sockets
from souk.kernel.errors import Forbidden
from tests.kernel.builders import CONTEXT


class Door:
    def __init__(self) -> None:
        self.inside: list[str] = []
        self._handle = sockets(self._admit, self.inside.remove)

    def _admit(self, connection_id: str, ticket: str) -> None:
        if ticket != "good":
            raise Forbidden("no")
        self.inside.append(connection_id)

    def event(self, kind: str, query: dict[str, str] | None = None) -> int:
        context = {"eventType": kind, "connectionId": "c-1"}
        event: dict[str, Any] = {"requestContext": context, "queryStringParameters": query}
        status: int = self._handle(event, CONTEXT)["statusCode"]
        return status


def test_who_has_a_ticket_comes_in_and_goes_again() -> None:
    door = Door()

    assert door.event("CONNECT", {"ticket": "good"}) == 200
    assert door.inside == ["c-1"]
    assert door.event("DISCONNECT") == 200
    assert door.inside == []


def test_who_has_none_is_refused() -> None:
    door = Door()

    assert door.event("CONNECT", {"ticket": "bad"}) == 403
    assert door.event("CONNECT") == 403
    assert door.inside == []
