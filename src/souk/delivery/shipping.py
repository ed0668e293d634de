"""A shipping option: what staff offer, and at which rates."""

from __future__ import annotations

from typing import Annotated

import msgspec

from souk.delivery.events import ShippingPriceChanged, ShippingRate
from souk.kernel.errors import Conflict
from souk.kernel.patterns import END, ONE_LINE

MAX_RATES = 500
MAX_GRAMS = 1_000_000_000
MAX_FEE = 10_000_000

OptionId = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}" + END, description="Such as `standard`")
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=ONE_LINE)]


class OptionTaken(Conflict):
    slug = "option-taken"
    title = "There is a shipping option with this id"


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One way to send a parcel. No two of its rates are for the same country and weight."""

    option: OptionId
    name: Name
    rates: list[ShippingRate]
    offered: bool = True
    version: int = 1

    def __post_init__(self) -> None:
        if len({(rate.country, rate.max_grams) for rate in self.rates}) != len(self.rates):
            raise ValueError(f"{self.option} has two rates for the same country and weight")

    def described(self, name: str, rates: list[ShippingRate], *, offered: bool) -> Option:
        return Option(
            option=self.option,
            name=name,
            rates=rates,
            offered=offered,
            version=self.version + 1,
        )

    def changed(self) -> ShippingPriceChanged:
        return ShippingPriceChanged(
            option=self.option,
            name=self.name,
            rates=self.rates,
            offered=self.offered,
            version=self.version,
        )
