"""Use cases: recording events, reading timelines, and the live feed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from itertools import takewhile
from operator import attrgetter
from typing import Protocol

from souk.kernel.clock import now
from souk.kernel.errors import Forbidden, NotFound
from souk.kernel.events import ReceivedEvent
from souk.timeline.domain import (
    CONNECT_GRACE_PERIOD,
    TICKET_LIFETIME,
    Connection,
    RecentEvent,
    Ticket,
    TimelineEntry,
    build_timeline,
    find_owner,
    to_recent_event,
)


class Timeline(Protocol):
    """The store of events, by order."""

    def add(self, events: Sequence[ReceivedEvent]) -> None:
        """Store the events. Adding an event again changes nothing. Raises Busy."""

    def list_events(self, order_id: str) -> list[ReceivedEvent]:
        """The events of an order, oldest first; empty for an unknown order."""


def record_events(events: Sequence[ReceivedEvent], *, timeline: Timeline) -> None:
    """Record events. Repeated, late or reordered events lead to the same timeline.

    Raises Busy; some of the events are recorded then.
    """
    timeline.add(events)


def get_timeline(order_id: str, *, owner: str, timeline: Timeline) -> list[TimelineEntry]:
    """The entries of an order, for its customer.

    Raises NotFound, also for another customer's order: nobody learns that it exists.
    """
    events = timeline.list_events(order_id)
    if find_owner(events) != owner:
        raise NotFound(f"There is no order {order_id}.")
    return build_timeline(events)


def read_events(order_id: str, *, timeline: Timeline) -> list[ReceivedEvent]:
    """All events of an order, for staff. Raises NotFound for an order without events."""
    events = timeline.list_events(order_id)
    if not events:
        raise NotFound(f"There is no order {order_id}.")
    return events


class Connections(Protocol):
    """The store of tickets and open connections."""

    def add_ticket(self, ticket: Ticket) -> None: ...

    def redeem_ticket(self, token: str, connection_id: str) -> bool:
        """Use up the ticket and add the connection, both or neither.

        False when the ticket is unknown, used or expired. Raises Busy.
        """

    def list_connections(self) -> list[Connection]: ...

    def remove(self, connection_id: str) -> None:
        """Remove a connection. An unknown connection is ignored."""


class LiveFeed(Protocol):
    def send(self, connection_id: str, event: RecentEvent) -> bool:
        """False when the connection is closed, or not open yet."""


def issue_ticket(*, connections: Connections) -> Ticket:
    ticket = Ticket(secrets.token_urlsafe(24), now() + TICKET_LIFETIME)
    connections.add_ticket(ticket)
    return ticket


def connect(connection_id: str, token: str, *, connections: Connections) -> None:
    """Accept a connection that presents a ticket.

    Raises Forbidden when the ticket is unknown, used or expired, and Busy.
    """
    if not connections.redeem_ticket(token, connection_id):
        raise Forbidden("This ticket is unknown, used or expired. Request a new ticket.")


def broadcast(
    events: Sequence[ReceivedEvent],
    *,
    connections: Connections,
    feed: LiveFeed,
    is_out_of_time: Callable[[], bool],
) -> None:
    """Send the events to all connections, until `is_out_of_time`, and remove closed connections.

    Events are sent at most once: the live feed shows the present and guarantees nothing.
    """
    in_order = sorted(events, key=attrgetter("time", "id"))
    recent_events = [to_recent_event(event) for event in in_order]
    for connection in takewhile(lambda _: not is_out_of_time(), connections.list_connections()):
        is_open = all(feed.send(connection.connection_id, event) for event in recent_events)
        if not is_open and now() - connection.connected_at > CONNECT_GRACE_PERIOD:
            connections.remove(connection.connection_id)
