"""Facts the basket says."""

from __future__ import annotations

import msgspec

from souk.kernel.facts import Fact
from souk.kernel.money import Money


class CheckedOutLine(msgspec.Struct, frozen=True, kw_only=True):
    """`name` may be shortened: a thousand lines must fit in one fact."""

    sku: str
    name: str
    quantity: int
    unit_price: Money


class BasketCheckedOut(Fact, frozen=True, kw_only=True):
    """A visitor committed to buy these lines at this total; no order exists yet.

    `order_id` is the id the order will have. `owner` names the visitor and `contact_id` the
    contact, both without telling who it is. `total` is the lines' sum plus `shipping`.
    `payment_token` is the payment provider's reference, of no use without the shop's key.
    """

    order_id: str
    owner: str
    contact_id: str
    lines: list[CheckedOutLine]
    shipping_option: str
    shipping: Money
    total: Money
    payment_token: str
    checked_out_at: str
