"""Events published by catalog."""

from __future__ import annotations

from souk.kernel.events import Event
from souk.kernel.money import Money


class ProductListed(Event, frozen=True, kw_only=True):
    """The product is for sale as described here.

    Published when a product is first listed and whenever its details change. `version` grows
    with every change of the product: of two events about one SKU, the one with the higher
    version is current.
    """

    sku: str
    name: str
    category: str
    price: Money
    weight_grams: int
    version: int


class PriceChanged(Event, frozen=True, kw_only=True):
    """The product costs `price` from now on. Orders already placed keep their price."""

    sku: str
    name: str
    price: Money
    previous_price: Money
    weight_grams: int
    version: int


class ProductDelisted(Event, frozen=True, kw_only=True):
    """The product is no longer for sale. Orders that contain it are unaffected."""

    sku: str
    name: str
    price: Money
    weight_grams: int
    version: int
