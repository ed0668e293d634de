"""Request and response bodies of delivery's routes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from souk.delivery.domain import Carrier, Number, Shipment
from souk.delivery.events import ShippingRate
from souk.delivery.shipping import MAX_FEE, MAX_GRAMS, MAX_RATES, Name, Option, OptionId
from souk.kernel.money import Currency, Money
from souk.kernel.patterns import END


class Fee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Minor units of the shop's currency; sending may be free."""

    amount: Annotated[int, msgspec.Meta(ge=0, le=MAX_FEE)]
    currency: Currency


class RateWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`country`: ISO 3166-1 alpha-2, or `*` for all that have no rate of their own.

    Without `max_grams` it is for any weight; of those that fit the smallest counts.
    """

    country: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2}|\*)" + END)]
    price: Fee
    max_grams: Annotated[int, msgspec.Meta(ge=1, le=MAX_GRAMS)] | None = None

    def rate(self) -> ShippingRate:
        return ShippingRate(
            country=self.country,
            max_grams=self.max_grams,
            price=Money(self.price.amount, self.price.currency),
        )


class OptionDetails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole option; one that is not `offered` is kept, and no basket can choose it."""

    name: Name
    rates: Annotated[list[RateWish], msgspec.Meta(min_length=1, max_length=MAX_RATES)]
    offered: bool = True


class NewOption(OptionDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    option: OptionId


class OptionView(msgspec.Struct, frozen=True, kw_only=True):
    option: str
    name: str
    rates: list[ShippingRate]
    offered: bool
    version: int


class OptionList(msgspec.Struct, frozen=True):
    items: list[OptionView]


class DispatchWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is on the parcel; without a tracking number the shop makes one."""

    carrier: Carrier = "souk-post"
    tracking_number: Number | None = None


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Who receives the parcel: for the label, and for nothing else."""

    name: str
    line1: str
    city: str
    country: str
    line2: str | None = None
    postcode: str | None = None


class ShipmentCard(msgspec.Struct, frozen=True, kw_only=True):
    """A shipment in a list. `reason` says why one is parked; `cancel_asked_at` that its customer
    wants it no more."""

    order_id: str
    shipment_id: str
    state: str
    carrier: str | None
    tracking_number: str | None
    reason: str | None
    cancel_asked_at: str | None
    made_at: str
    dispatched_at: str | None
    delivered_at: str | None


class ShipmentView(ShipmentCard, frozen=True, kw_only=True):
    """`receiver` is null while it cannot be told."""

    receiver: Receiver | None


class ShipmentPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the page that follows, null on the last."""

    items: list[ShipmentCard]
    next: str | None


class NoticeTaken(msgspec.Struct, frozen=True):
    """`heeded` is false for an event the shop has no use for."""

    heeded: bool


def option_view(option: Option) -> OptionView:
    return OptionView(**msgspec.structs.asdict(option))


def shipment_card(shipment: Shipment) -> ShipmentCard:
    return ShipmentCard(**_fields(shipment))


def shipment_view(shipment: Shipment, receiver: Receiver | None) -> ShipmentView:
    return ShipmentView(**_fields(shipment), receiver=receiver)


def _fields(shipment: Shipment) -> dict[str, Any]:
    label = shipment.label
    return {
        "order_id": shipment.order_id,
        "shipment_id": shipment.shipment_id,
        "state": shipment.state.value,
        "carrier": label.carrier if label else None,
        "tracking_number": label.tracking_number if label else None,
        "reason": shipment.reason,
        "cancel_asked_at": shipment.cancel_asked_at,
        "made_at": shipment.made_at,
        "dispatched_at": shipment.dispatched_at,
        "delivered_at": shipment.delivered_at,
    }
