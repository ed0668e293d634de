"""Facts the catalog says."""

from __future__ import annotations

from souk.kernel.facts import Fact
from souk.kernel.money import Money


class ProductListed(Fact, frozen=True, kw_only=True):
    """The product is for sale as described here.

    Said when it is first listed and again when its description changes. `version` grows
    with every change of the product: of two facts about one SKU the higher one holds.
    """

    sku: str
    name: str
    category: str
    price: Money
    weight_grams: int
    version: int


class PriceChanged(Fact, frozen=True, kw_only=True):
    """The product costs `price` from now on; `was` is what it cost before."""

    sku: str
    name: str
    price: Money
    was: Money
    weight_grams: int
    version: int


class ProductDelisted(Fact, frozen=True, kw_only=True):
    """The product is not for sale any more; orders that hold it stay as they are."""

    sku: str
    name: str
    price: Money
    weight_grams: int
    version: int
