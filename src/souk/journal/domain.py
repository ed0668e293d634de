"""An order's story: what is kept of a fact, whose order it is, what its customer reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from souk.kernel.facts import Heard
from souk.kernel.money import Money

LISTED = 3
"""So many entries of a list in a fact are kept: a basket may have a thousand lines."""

SECRETS = frozenset({"payment_token"})
"""No secret without the shop's key, and no part of the story either."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """That something was said: all of a fact but what it says."""

    fact: str
    room: str
    order_id: str | None
    id: str
    at: str
    correlation_id: str


class Ticket(NamedTuple):
    """Lets one connection in, once, until it ends."""

    text: str
    ends: datetime


class Watcher(NamedTuple):
    """A live connection of a member of staff."""

    connection_id: str
    since: datetime


TICKET_LIFE = timedelta(seconds=60)
WATCHER_LIFE = timedelta(hours=2)
"""API Gateway ends a connection after two hours, however busy it is."""

SETTLING = timedelta(seconds=10)
"""So long a connection may still be opening, and nothing can be sent to it yet."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an order as its customer understands it."""

    slug: str
    says: str
    at: str
    reason: str | None = None
    carrier: str | None = None
    tracking_number: str | None = None
    amount: Money | None = None


def order_of(fact: Heard) -> str | None:
    """The order it is about, if any."""
    return _text(fact.data, "order_id")


def news(fact: Heard) -> News:
    return News(
        fact=fact.name,
        room=fact.room,
        order_id=order_of(fact),
        id=fact.id,
        at=fact.time,
        correlation_id=fact.correlation_id,
    )


def abridged(data: Mapping[str, Any]) -> dict[str, Any]:
    """A fact's fields as the story keeps them: no token, and of a long list its beginning.

    `lines_count` then says how many `lines` there were.
    """
    kept: dict[str, Any] = {}
    for name, value in data.items():
        if name in SECRETS:
            continue
        if isinstance(value, list) and len(value) > LISTED:
            kept[name] = value[:LISTED]
            kept[f"{name}_count"] = len(value)
        else:
            kept[name] = value
    return kept


def owner_of(story: Iterable[Heard]) -> str | None:
    """The owner, as soon as any fact of the order has named one, in whatever order they came."""
    return next((owner for fact in story if (owner := _text(fact.data, "owner"))), None)


def timeline(story: Iterable[Heard]) -> list[Entry]:
    """What the customer reads, oldest first; what is said twice is read once."""
    entries: dict[tuple[str, str | None], Entry] = {}
    for fact in story:
        if step := STEPS.get(fact.name):
            which = _text(fact.data, step.once_per) if step.once_per else None
            entries.setdefault((step.slug, which), _entry(step, fact))
    return sorted(entries.values(), key=lambda entry: entry.at)


class _Step(NamedTuple):
    """How a fact reads: its sentence, the field with its moment, what it is said once for."""

    slug: str
    says: Callable[[Mapping[str, Any]], str]
    at: str | None = None
    once_per: str | None = None


def _always(sentence: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _: sentence


def _rejected(data: Mapping[str, Any]) -> str:
    return REASONS.get(_text(data, "reason") or "", "Your order could not be completed.")


def _cancellation_asked(data: Mapping[str, Any]) -> str:
    if data.get("by_staff"):
        return "We cannot send your order and are cancelling it."
    return "You asked us to cancel your order."


def _dispatched(data: Mapping[str, Any]) -> str:
    carrier, number = _text(data, "carrier"), _text(data, "tracking_number")
    by = f" with {carrier}" if carrier else ""
    return f"Your parcel is on its way{by}." + (f" Its number is {number}." if number else "")


REASONS = {
    "out-of-stock": "Of something in your order there was not enough left; you were not charged.",
    "payment-declined": "Your payment was declined; you were not charged.",
    "payment-unresolved": "Your payment took too long; you were not charged.",
    "reservation-lapsed": "It took too long to complete your order; you were not charged.",
}
STEPS = {
    "OrderPlaced": _Step("placed", _always("We have your order."), "placed_at"),
    "OrderConfirmed": _Step(
        "confirmed", _always("Your order is confirmed; we are packing it."), "confirmed_at"
    ),
    "OrderRejected": _Step("rejected", _rejected, "rejected_at"),
    "CancellationRequested": _Step("cancellation-asked", _cancellation_asked, "requested_at"),
    "OrderCancelled": _Step("cancelled", _always("Your order is cancelled."), "cancelled_at"),
    "ShipmentDispatched": _Step("dispatched", _dispatched, "dispatched_at"),
    "ParcelDelivered": _Step("delivered", _always("Your parcel was delivered."), "delivered_at"),
    "ReturnAccepted": _Step(
        "return-accepted", _always("We have accepted your return."), "accepted_at", "return_id"
    ),
    "PaymentRefunded": _Step(
        "refunded", _always("Your money is on its way back to you."), None, "refund_id"
    ),
}


def _entry(step: _Step, fact: Heard) -> Entry:
    data = fact.data
    return Entry(
        slug=step.slug,
        says=step.says(data),
        at=(_text(data, step.at) if step.at else None) or fact.time,
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
