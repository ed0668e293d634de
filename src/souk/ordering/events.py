"""Facts ordering says."""

from __future__ import annotations

import msgspec

from souk.kernel.facts import Fact
from souk.kernel.money import Money


class OrderPlaced(Fact, frozen=True, kw_only=True):
    """The order exists; nothing is reserved or charged yet."""

    order_id: str
    owner: str
    contact_id: str
    line_count: int
    total: Money
    placed_at: str


class OrderConfirmed(Fact, frozen=True, kw_only=True):
    """The goods are kept for the customer and the money is set aside; nothing is sent yet."""

    order_id: str
    owner: str
    contact_id: str
    total: Money
    confirmed_at: str


class OrderRejected(Fact, frozen=True, kw_only=True):
    """There will be no such order: nothing is kept or set aside for it any more.

    `reason` is a slug: `out-of-stock`, `payment-declined`, `payment-unresolved`,
    `reservation-lapsed`, `not-possible`.
    """

    order_id: str
    owner: str
    contact_id: str
    reason: str
    rejected_at: str


class CancellationRequested(Fact, frozen=True, kw_only=True):
    """The customer, or staff, do not want the order any more; whether it is too late is not known
    yet."""

    order_id: str
    owner: str
    requested_at: str
    by_staff: bool = False


class OrderCancelled(Fact, frozen=True, kw_only=True):
    """The order was confirmed and will not be sent: goods and money are to be given back."""

    order_id: str
    owner: str
    contact_id: str
    cancelled_at: str


class OrderCompleted(Fact, frozen=True, kw_only=True):
    """The order's parcel was delivered."""

    order_id: str
    owner: str
    contact_id: str
    completed_at: str


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """`restock`: the goods can be sold again; otherwise they are written off."""

    sku: str
    quantity: int
    restock: bool


class ReturnAccepted(Fact, frozen=True, kw_only=True):
    """Goods of a delivered order came back; `refund` is to be given back, once per return."""

    order_id: str
    owner: str
    contact_id: str
    return_id: str
    lines: list[ReturnedLine]
    refund: Money
    accepted_at: str
