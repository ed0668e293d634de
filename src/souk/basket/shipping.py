"""What sending a basket costs: the basket's own copy of the shipping options and their rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from souk.kernel.errors import Conflict
from souk.kernel.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterable

ELSEWHERE = "*"


class NotServed(Conflict):
    """Members: `country`, `weight_grams`, and `options` that do go there, with their prices."""

    slug = "not-served"
    title = "This shipping option does not go there"


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Of parcels to `country` (`*`: all without a rate of their own) of at most `max_grams`."""

    country: str
    max_grams: int | None
    price: Money

    def takes(self, grams: int) -> bool:
        return self.max_grams is None or grams <= self.max_grams


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """What delivery said of a shipping option last, as of its `version`."""

    option: str
    name: str
    rates: list[Rate]
    offered: bool
    version: int

    def price(self, country: str | None, grams: int) -> Money | None:
        """By the smallest rate that fits; None when it does not go there.

        Of no country in particular it is the price for all that have no rate of their own.
        """
        if not self.offered:
            return None
        own = [rate for rate in self.rates if rate.country == country]
        there = own or [rate for rate in self.rates if rate.country == ELSEWHERE]
        fitting = [rate for rate in there if rate.takes(grams)]
        if not fitting:
            return None
        return min(fitting, key=lambda rate: (rate.max_grams is None, rate.max_grams)).price


class Priced(msgspec.Struct, frozen=True):
    """An option that goes there, and what it costs."""

    option: str
    name: str
    price: Money


def priced(options: Iterable[Option], country: str | None, grams: int) -> list[Priced]:
    """The options that go there, cheapest first."""
    found = [
        Priced(each.option, each.name, price)
        for each in options
        if (price := each.price(country, grams)) is not None
    ]
    return sorted(found, key=lambda each: (each.price.amount, each.option))
