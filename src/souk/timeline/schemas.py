"""Response bodies of the timeline's routes."""

from __future__ import annotations

from typing import Any

import msgspec

from souk.kernel.clock import timestamp
from souk.kernel.events import ReceivedEvent
from souk.kernel.money import Money
from souk.timeline.domain import RecentEvent, Ticket, TimelineEntry


class TimelineEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an order. Fields that its type does not have are null."""

    type: str
    message: str
    at: str
    reason: str | None
    carrier: str | None
    tracking_number: str | None
    amount: Money | None


class TimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of an order, oldest first."""

    order_id: str
    items: list[TimelineEntryView]


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event about an order. In `data`, a list has at most its first three items."""

    event: str
    service: str
    id: str
    at: str
    correlation_id: str
    causation_id: str | None
    data: dict[str, Any]


class OrderEventsView(msgspec.Struct, frozen=True, kw_only=True):
    """All events about an order, oldest first."""

    order_id: str
    items: list[EventView]


class RecentEventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event without its data. `order_id` is null for an event about no order."""

    event: str
    service: str
    order_id: str | None
    id: str
    at: str
    correlation_id: str


class RecentEventList(msgspec.Struct, frozen=True, kw_only=True):
    """Recent events, newest first. Under load some events are missing."""

    items: list[RecentEventView]


class TicketView(msgspec.Struct, frozen=True, kw_only=True):
    """Opens one WebSocket at `path`, once, until it expires. Each message is a RecentEventView."""

    ticket: str
    path: str
    expires_at: str


def ticket_view(ticket: Ticket) -> TicketView:
    path = f"/live?ticket={ticket.token}"
    return TicketView(ticket=ticket.token, path=path, expires_at=timestamp(ticket.expires_at))


def timeline_view(order_id: str, entries: list[TimelineEntry]) -> TimelineView:
    items = [TimelineEntryView(**msgspec.structs.asdict(entry)) for entry in entries]
    return TimelineView(order_id=order_id, items=items)


def order_events_view(order_id: str, events: list[ReceivedEvent]) -> OrderEventsView:
    items = [
        EventView(
            event=event.name,
            service=event.service,
            id=event.id,
            at=event.time,
            correlation_id=event.correlation_id,
            causation_id=event.causation_id,
            data=event.data,
        )
        for event in events
    ]
    return OrderEventsView(order_id=order_id, items=items)


def recent_event_list(events: list[RecentEvent]) -> RecentEventList:
    items = [RecentEventView(**msgspec.structs.asdict(event)) for event in events]
    return RecentEventList(items=items)
