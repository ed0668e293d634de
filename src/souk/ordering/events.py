"""Facts ordering says."""

from __future__ import annotations

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
