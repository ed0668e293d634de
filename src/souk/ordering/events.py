"""Events that ordering publishes."""

from __future__ import annotations

import msgspec

from souk.kernel.events import Event
from souk.kernel.money import Money


class OrderPlaced(Event, frozen=True, kw_only=True):
    """The customer committed to buy. Nothing is reserved or charged yet."""

    order_id: str
    owner: str
    contact_id: str
    line_count: int
    total: Money
    placed_at: str


class OrderConfirmed(Event, frozen=True, kw_only=True):
    """The stock is committed and the payment authorized. Nothing is dispatched yet."""

    order_id: str
    owner: str
    contact_id: str
    total: Money
    confirmed_at: str


class OrderRejected(Event, frozen=True, kw_only=True):
    """The order could not be confirmed. No stock is reserved and no payment is authorized for it.

    `reason` is one of `out-of-stock`, `payment-declined`, `payment-unresolved`,
    `reservation-expired` and `internal-error`.
    """

    order_id: str
    owner: str
    contact_id: str
    reason: str
    rejected_at: str


class CancellationRequested(Event, frozen=True, kw_only=True):
    """The customer or staff requested cancellation. Whether it is too late is not decided yet."""

    order_id: str
    owner: str
    requested_at: str
    by_staff: bool = False


class OrderCancelled(Event, frozen=True, kw_only=True):
    """A confirmed order was cancelled. Its payment and stock are not released yet."""

    order_id: str
    owner: str
    contact_id: str
    cancelled_at: str


class OrderCompleted(Event, frozen=True, kw_only=True):
    """The order's parcel was delivered."""

    order_id: str
    owner: str
    contact_id: str
    completed_at: str


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """`restock`: the items can be sold again; otherwise they are written off."""

    sku: str
    quantity: int
    restock: bool


class ReturnAccepted(Event, frozen=True, kw_only=True):
    """Staff accepted returned items of a delivered order. `refund` is not paid out yet."""

    order_id: str
    owner: str
    contact_id: str
    return_id: str
    lines: list[ReturnedLine]
    refund: Money
    accepted_at: str
