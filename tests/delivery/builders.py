"""Shipping options, rates, labels and shipments with default values."""

from __future__ import annotations

from typing import Any

from souk.delivery.domain import Label, Shipment, new_shipment
from souk.delivery.events import ShippingRate
from souk.delivery.shipping import ShippingOption
from souk.kernel.ids import new_id
from souk.kernel.money import Money

ADA = "customer-ada"
NOON = "2026-11-24T12:00:00.000Z"


def pounds(amount: int) -> Money:
    """An amount in pence."""
    return Money(amount, "GBP")


def a_rate(country: str = "GB", price: int = 495, *, up_to: int | None = None) -> ShippingRate:
    return ShippingRate(country=country, max_grams=up_to, price=pounds(price))


def an_option(option_id: str = "standard", *rates: ShippingRate, **given: Any) -> ShippingOption:
    defaults = {"name": "Standard", "rates": list(rates) or [a_rate()]}
    return ShippingOption(**{"id": option_id, **defaults, **given})


def a_label(number: str = "SP-1", carrier: str = "souk-post") -> Label:
    return Label(carrier=carrier, tracking_number=number)


def a_shipment(order_id: str = "", *, contact_id: str = "contact-1") -> Shipment:
    """The shipment of a confirmed order."""
    return new_shipment(
        order_id or new_id(), ADA, contact_id, correlation_id="correlation-1", at=NOON
    )
