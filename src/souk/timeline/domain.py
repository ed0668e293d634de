"""What the timeline stores of an event, and how events become entries that a customer reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from souk.kernel.events import ReceivedEvent
from souk.kernel.money import Money

MAX_STORED_ITEMS = 3
"""Items stored of a list in an event's data: a basket may have a thousand lines."""

SECRET_FIELDS = frozenset({"payment_token"})
"""Never stored. The token is useless without the shop's key, but has no use here either."""


class RecentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event without its data, as the live feed shows it."""

    event: str
    service: str
    order_id: str | None
    id: str
    at: str
    correlation_id: str


class Ticket(NamedTuple):
    """Opens one connection to the live feed, until `expires_at`."""

    token: str
    expires_at: datetime


class Connection(NamedTuple):
    """An open WebSocket connection of a member of staff."""

    connection_id: str
    connected_at: datetime


TICKET_LIFETIME = timedelta(seconds=60)
CONNECTION_LIFETIME = timedelta(hours=2)
"""API Gateway closes every connection after two hours."""

CONNECT_GRACE_PERIOD = timedelta(seconds=10)
"""How long after $connect API Gateway may still reject messages to a connection."""


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an order, in words for its customer."""

    type: str
    message: str
    at: str
    reason: str | None = None
    carrier: str | None = None
    tracking_number: str | None = None
    amount: Money | None = None


def find_order_id(event: ReceivedEvent) -> str | None:
    return _text(event.data, "order_id")


def to_recent_event(event: ReceivedEvent) -> RecentEvent:
    return RecentEvent(
        event=event.name,
        service=event.service,
        order_id=find_order_id(event),
        id=event.id,
        at=event.time,
        correlation_id=event.correlation_id,
    )


def trim_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """An event's data as it is stored: without secrets, with long lists truncated.

    The original length of a truncated list `lines` is stored as `lines_count`.
    """
    stored: dict[str, Any] = {}
    for name, value in data.items():
        if name in SECRET_FIELDS:
            continue
        if isinstance(value, list) and len(value) > MAX_STORED_ITEMS:
            stored[name] = value[:MAX_STORED_ITEMS]
            stored[f"{name}_count"] = len(value)
        else:
            stored[name] = value
    return stored


def find_owner(events: Iterable[ReceivedEvent]) -> str | None:
    """The owner of an order, from the first of its events that names one."""
    return next((owner for event in events if (owner := _text(event.data, "owner"))), None)


def build_timeline(events: Iterable[ReceivedEvent]) -> list[TimelineEntry]:
    """The entries for an order's events, oldest first. A repeated event adds no second entry."""
    entries: dict[tuple[str, str | None], TimelineEntry] = {}
    for event in events:
        if step := STEPS.get(event.name):
            step_id = _text(event.data, step.id_field) if step.id_field else None
            entries.setdefault((step.type, step_id), _entry(step, event))
    return sorted(entries.values(), key=lambda entry: entry.at)


class _Step(NamedTuple):
    """How an event becomes an entry.

    `time_field` names the field with the entry's time; without it, the event's own time is used.
    `id_field` names the field that tells several entries of one type apart, such as refunds.
    """

    type: str
    message: Callable[[Mapping[str, Any]], str]
    time_field: str | None = None
    id_field: str | None = None


def _fixed(message: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _: message


def _rejection_message(data: Mapping[str, Any]) -> str:
    return REJECTION_MESSAGES.get(_text(data, "reason") or "", "Your order could not be completed.")


def _cancellation_message(data: Mapping[str, Any]) -> str:
    if data.get("by_staff"):
        return "We cannot send your order and are cancelling it."
    return "You asked us to cancel your order."


def _dispatch_message(data: Mapping[str, Any]) -> str:
    carrier, number = _text(data, "carrier"), _text(data, "tracking_number")
    with_carrier = f" with {carrier}" if carrier else ""
    tracking = f" Tracking number: {number}." if number else ""
    return f"Your parcel was dispatched{with_carrier}.{tracking}"


REJECTION_MESSAGES = {
    "out-of-stock": "Some items are out of stock. You were not charged.",
    "payment-declined": "Your payment was declined. You were not charged.",
    "payment-unresolved": "Your payment took too long. You were not charged.",
    "reservation-expired": "Your order took too long to complete. You were not charged.",
    "internal-error": "Something went wrong on our side. You were not charged. Please try again.",
}
"""By rejection reason. `rejection.message` of ordering's API has the same texts."""

STEPS = {
    "OrderPlaced": _Step("placed", _fixed("Your order was placed."), "placed_at"),
    "OrderConfirmed": _Step(
        "confirmed", _fixed("Your order was confirmed. We are packing it."), "confirmed_at"
    ),
    "OrderRejected": _Step("rejected", _rejection_message, "rejected_at"),
    "CancellationRequested": _Step("cancellation-requested", _cancellation_message, "requested_at"),
    "OrderCancelled": _Step("cancelled", _fixed("Your order was cancelled."), "cancelled_at"),
    "ShipmentDispatched": _Step("dispatched", _dispatch_message, "dispatched_at"),
    "ParcelDelivered": _Step("delivered", _fixed("Your parcel was delivered."), "delivered_at"),
    "ReturnAccepted": _Step(
        "return-accepted", _fixed("Your return was accepted."), "accepted_at", "return_id"
    ),
    "PaymentRefunded": _Step("refunded", _fixed("Your payment was refunded."), None, "refund_id"),
}
"""The events that become entries, by event name. Other events are stored and shown to staff."""


def _entry(step: _Step, event: ReceivedEvent) -> TimelineEntry:
    data = event.data
    return TimelineEntry(
        type=step.type,
        message=step.message(data),
        at=(_text(data, step.time_field) if step.time_field else None) or event.time,
        reason=_text(data, "reason"),
        carrier=_text(data, "carrier"),
        tracking_number=_text(data, "tracking_number"),
        amount=_money(data.get("amount") or data.get("refund")),
    )


def _text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) and value else None


def _money(value: Any) -> Money | None:
    try:
        return msgspec.convert(value, Money)
    except msgspec.ValidationError:
        return None
