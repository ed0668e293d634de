"""The events that delivery publishes. None contains a name or an address."""

from __future__ import annotations

import msgspec

from souk.kernel.events import Event
from souk.kernel.money import Money


class ShippingRate(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a parcel to `country` that weighs at most `max_grams`; null means any weight.

    `country` is an ISO 3166-1 alpha-2 code, or `*` for every country without a rate of its own.
    """

    country: str
    max_grams: int | None
    price: Money


class ShippingPriceChanged(Event, frozen=True, kw_only=True):
    """A shipping option was created or changed: its name, its rates, or whether it is offered.

    The event carries the whole option. `version` increases with every change: of two events about
    one option, the one with the higher version is current.
    """

    option_id: str
    name: str
    rates: list[ShippingRate]
    offered: bool
    version: int


class ShipmentDispatched(Event, frozen=True, kw_only=True):
    """The payment was captured and the parcel was handed to the carrier.

    From now on the order cannot be cancelled.
    """

    order_id: str
    owner: str
    contact_id: str
    shipment_id: str
    carrier: str
    tracking_number: str
    dispatched_at: str


class ShipmentCancelled(Event, frozen=True, kw_only=True):
    """The order was cancelled before its parcel was dispatched. Nothing will be sent."""

    order_id: str
    cancelled_at: str


class ParcelDelivered(Event, frozen=True, kw_only=True):
    """The carrier delivered the parcel."""

    order_id: str
    shipment_id: str
    delivered_at: str
