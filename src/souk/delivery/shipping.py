"""Shipping options: the ways to send a parcel that staff offer, with their rates."""

from __future__ import annotations

from typing import Annotated

import msgspec

from souk.delivery.events import ShippingPriceChanged, ShippingRate
from souk.kernel.errors import Conflict
from souk.kernel.patterns import END_OF_TEXT, ONE_LINE

MAX_RATES = 500
MAX_GRAMS = 1_000_000_000
MAX_PRICE = 10_000_000  # minor units

ShippingOptionId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}" + END_OF_TEXT, description="Such as `standard`"
    ),
]
ShippingOptionName = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=ONE_LINE)]


class ShippingOptionExists(Conflict):
    slug = "shipping-option-exists"
    title = "Shipping option already exists"


class ShippingOption(msgspec.Struct, frozen=True, kw_only=True):
    """A way to send a parcel.

    Raises ValueError for two rates of the same country and weight.
    """

    id: ShippingOptionId
    name: ShippingOptionName
    rates: list[ShippingRate]
    offered: bool = True
    version: int = 1

    def __post_init__(self) -> None:
        if len({(rate.country, rate.max_grams) for rate in self.rates}) != len(self.rates):
            raise ValueError(f"{self.id} has two rates for the same country and weight")

    def update(self, name: str, rates: list[ShippingRate], *, offered: bool) -> ShippingOption:
        """The next version of the option."""
        return ShippingOption(
            id=self.id,
            name=name,
            rates=rates,
            offered=offered,
            version=self.version + 1,
        )

    def to_event(self) -> ShippingPriceChanged:
        return ShippingPriceChanged(
            option_id=self.id,
            name=self.name,
            rates=self.rates,
            offered=self.offered,
            version=self.version,
        )
