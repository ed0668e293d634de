"""Request and response bodies of delivery's routes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from souk.delivery.domain import CarrierId, Shipment, TrackingNumber
from souk.delivery.events import ShippingRate
from souk.delivery.shipping import (
    MAX_GRAMS,
    MAX_PRICE,
    MAX_RATES,
    ShippingOption,
    ShippingOptionId,
    ShippingOptionName,
)
from souk.kernel.money import Currency, Money
from souk.kernel.patterns import END_OF_TEXT


class ShippingPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units of the shop's currency; 0 is free shipping."""

    amount: Annotated[int, msgspec.Meta(ge=0, le=MAX_PRICE)]
    currency: Currency


class ShippingRateRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`country`: ISO 3166-1 alpha-2, or `*` for every country without a rate of its own.

    Without `max_grams` the rate applies to any weight. Of the rates that apply to a parcel, the
    one with the lowest `max_grams` counts.
    """

    country: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2}|\*)" + END_OF_TEXT)]
    price: ShippingPrice
    max_grams: Annotated[int, msgspec.Meta(ge=1, le=MAX_GRAMS)] | None = None

    def rate(self) -> ShippingRate:
        return ShippingRate(
            country=self.country,
            max_grams=self.max_grams,
            price=Money(self.price.amount, self.price.currency),
        )


class UpdateShippingOptionRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """The whole option. An option that is not `offered` is kept, but customers cannot choose it."""

    name: ShippingOptionName
    rates: Annotated[list[ShippingRateRequest], msgspec.Meta(min_length=1, max_length=MAX_RATES)]
    offered: bool = True


class CreateShippingOptionRequest(
    UpdateShippingOptionRequest, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A new option. Its `id` cannot be changed later."""

    id: ShippingOptionId


class StaffShippingOptionView(msgspec.Struct, frozen=True, kw_only=True):
    """A shipping option with all its rates, as staff see it."""

    id: str
    name: str
    rates: list[ShippingRate]
    offered: bool
    version: int


class StaffShippingOptionList(msgspec.Struct, frozen=True):
    items: list[StaffShippingOptionView]


class DispatchRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parcel's shipping label. Without a tracking number the shop assigns one."""

    carrier: CarrierId = "souk-post"
    tracking_number: TrackingNumber | None = None


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Name and address for the shipping label. Delivery does not store them."""

    name: str
    line1: str
    city: str
    country: str
    line2: str | None = None
    postcode: str | None = None


class ShipmentCard(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment in a list. `reason` says why a capture failed. `cancellation_requested_at` is
    set when the customer or staff requested cancellation."""

    order_id: str
    shipment_id: str
    status: str
    carrier: str | None
    tracking_number: str | None
    reason: str | None
    cancellation_requested_at: str | None
    created_at: str
    dispatched_at: str | None
    delivered_at: str | None


class ShipmentView(ShipmentCard, frozen=True, kw_only=True):
    """`receiver` is null when the contact is unknown or could not be fetched."""

    receiver: Receiver | None


class ShipmentPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the following page, null on the last page."""

    items: list[ShipmentCard]
    next: str | None


class CarrierWebhookResponse(msgspec.Struct, frozen=True):
    """`handled` is false for an event type that the shop ignores."""

    handled: bool


def shipping_option_view(option: ShippingOption) -> StaffShippingOptionView:
    return StaffShippingOptionView(**msgspec.structs.asdict(option))


def shipment_card(shipment: Shipment) -> ShipmentCard:
    return ShipmentCard(**_card_fields(shipment))


def shipment_view(shipment: Shipment, receiver: Receiver | None) -> ShipmentView:
    return ShipmentView(**_card_fields(shipment), receiver=receiver)


def _card_fields(shipment: Shipment) -> dict[str, Any]:
    label = shipment.label
    return {
        "order_id": shipment.order_id,
        "shipment_id": shipment.shipment_id,
        "status": shipment.status.value,
        "carrier": label.carrier if label else None,
        "tracking_number": label.tracking_number if label else None,
        "reason": shipment.reason,
        "cancellation_requested_at": shipment.cancellation_requested_at,
        "created_at": shipment.created_at,
        "dispatched_at": shipment.dispatched_at,
        "delivered_at": shipment.delivered_at,
    }
