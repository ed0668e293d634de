"""Events published by basket."""

from __future__ import annotations

import msgspec

from souk.kernel.events import Event
from souk.kernel.money import Money


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the order to be placed. `name` may be shortened: 1,000 lines fit in one event."""

    sku: str
    name: str
    quantity: int
    unit_price: Money


class BasketCheckedOut(Event, frozen=True, kw_only=True):
    """A visitor committed to buy these lines at this total. No order exists yet.

    `order_id` is the id that the order will have. `owner` identifies the visitor and
    `contact_id` the contact; neither holds personal data. `total` is the sum of the lines plus
    `shipping`. `payment_token` is the payment provider's reference; it is useless without the
    shop's secret key.
    """

    order_id: str
    owner: str
    contact_id: str
    lines: list[OrderLine]
    shipping_option: str
    shipping: Money
    total: Money
    payment_token: str
    checked_out_at: str
