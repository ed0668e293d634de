"""In-memory stores of events and connections, and a live feed that records what it sends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from msgspec.structs import replace

from souk.kernel.clock import now
from souk.kernel.events import ReceivedEvent
from souk.timeline.domain import (
    Connection,
    RecentEvent,
    Ticket,
    find_order_id,
    to_recent_event,
    trim_data,
)


class FakeTimeline:
    def __init__(self) -> None:
        self._events: dict[str, ReceivedEvent] = {}

    def add(self, events: Sequence[ReceivedEvent]) -> None:
        self._events |= {event.id: replace(event, data=trim_data(event.data)) for event in events}

    def list_events(self, order_id: str) -> list[ReceivedEvent]:
        events = (event for event in self._events.values() if find_order_id(event) == order_id)
        return sorted(events, key=attrgetter("time", "id"))

    def list_recent(self, limit: int, service: str | None) -> list[RecentEvent]:
        events = [
            to_recent_event(event)
            for event in self._events.values()
            if service in (None, event.service)
        ]
        return sorted(events, key=attrgetter("at", "id"), reverse=True)[:limit]


class FakeConnections:
    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._connections: dict[str, Connection] = {}

    def add_ticket(self, ticket: Ticket) -> None:
        self._tickets[ticket.token] = ticket

    def redeem_ticket(self, token: str, connection_id: str) -> bool:
        ticket = self._tickets.pop(token, None)
        if ticket is None or ticket.expires_at <= now():
            return False
        self.add(connection_id, connected_at=now())
        return True

    def add(self, connection_id: str, *, connected_at: datetime) -> None:
        self._connections[connection_id] = Connection(connection_id, connected_at)

    def list_connections(self) -> list[Connection]:
        return list(self._connections.values())

    def remove(self, connection_id: str) -> None:
        self._connections.pop(connection_id, None)


class FakeLiveFeed:
    """Records what each connection is sent. Connections in `closed` receive nothing."""

    def __init__(self, closed: set[str] | None = None) -> None:
        self._closed = closed or set()
        self.sent: defaultdict[str, list[RecentEvent]] = defaultdict(list)

    def send(self, connection_id: str, event: RecentEvent) -> bool:
        if connection_id in self._closed:
            return False
        self.sent[connection_id].append(event)
        return True
