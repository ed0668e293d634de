"""Facts delivery says. None holds a name or an address."""

from __future__ import annotations

import msgspec

from souk.kernel.facts import Fact
from souk.kernel.money import Money


class ShippingRate(msgspec.Struct, frozen=True, kw_only=True):
    """What a parcel to `country` of at most `max_grams` costs; null: of any weight.

    `country` is an ISO 3166-1 alpha-2 code, or `*` for all that no other rate names.
    """

    country: str
    max_grams: int | None
    price: Money


class ShippingPriceChanged(Fact, frozen=True, kw_only=True):
    """The shipping option is offered at these rates from now on, or not at all any more.

    Said of the whole option with every change of it. `version` grows with each: of two facts
    about one option the higher one holds.
    """

    option: str
    name: str
    rates: list[ShippingRate]
    offered: bool
    version: int


class ShipmentDispatched(Fact, frozen=True, kw_only=True):
    """The order's parcel left, and its money was taken: it cannot be cancelled any more."""

    order_id: str
    owner: str
    contact_id: str
    shipment_id: str
    carrier: str
    tracking_number: str
    dispatched_at: str


class ShipmentCancelled(Fact, frozen=True, kw_only=True):
    """The order's parcel will never leave: the wish to cancel came first."""

    order_id: str
    cancelled_at: str


class ParcelDelivered(Fact, frozen=True, kw_only=True):
    """The carrier handed the parcel over."""

    order_id: str
    shipment_id: str
    delivered_at: str
