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
    """Its goods are set aside for good and its money is authorised; nothing is captured yet."""

    order_id: str
    owner: str
    contact_id: str
    shipping_option: str
    total: Money
    confirmed_at: str


class OrderRejected(Fact, frozen=True, kw_only=True):
    """The order will not be; whatever was set aside for it has been given back."""

    order_id: str
    owner: str
    contact_id: str
    reason: str
    rejected_at: str
