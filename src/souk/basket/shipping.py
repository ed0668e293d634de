"""What it costs to ship a basket: the basket's own copy of the shipping options and their rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from souk.kernel.errors import Conflict
from souk.kernel.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterable

ANY_COUNTRY = "*"


class ShippingOptionUnavailable(Conflict):
    """The chosen option does not ship this weight to this country.

    Members: `country`, `weight_grams`, and `options`, the ones that do: `[{id, name, price}]`.
    """

    slug = "shipping-option-unavailable"
    title = "Shipping option unavailable"


class ShippingRate(msgspec.Struct, frozen=True, kw_only=True):
    """The price of a parcel to `country` that weighs at most `max_grams` (None: any weight).

    Country `*` means every country for which the option has no rate of its own.
    """

    country: str
    max_grams: int | None
    price: Money

    def accepts(self, weight_grams: int) -> bool:
        return self.max_grams is None or weight_grams <= self.max_grams


class ShippingOption(msgspec.Struct, frozen=True, kw_only=True):
    """The basket's own copy of a shipping option, as of delivery's `version` of it."""

    option_id: str
    name: str
    rates: list[ShippingRate]
    offered: bool
    version: int

    def price_for(self, country: str | None, weight_grams: int) -> Money | None:
        """The price by the smallest rate that accepts the weight; None when there is no such rate.

        Without a country, the price for every country that has no rate of its own.
        """
        if not self.offered:
            return None
        own = [rate for rate in self.rates if rate.country == country]
        rates = own or [rate for rate in self.rates if rate.country == ANY_COUNTRY]
        accepting = [rate for rate in rates if rate.accepts(weight_grams)]
        if not accepting:
            return None
        return min(accepting, key=lambda rate: (rate.max_grams is None, rate.max_grams)).price


class ShippingQuote(msgspec.Struct, frozen=True):
    """A shipping option with its price for one country and weight."""

    id: str
    name: str
    price: Money


def quote_options(
    options: Iterable[ShippingOption], country: str | None, weight_grams: int
) -> list[ShippingQuote]:
    """The options that ship this weight to the country, cheapest first.

    Without a country, by their rates for every country that has no rate of its own.
    """
    quotes = [
        ShippingQuote(option.option_id, option.name, price)
        for option in options
        if (price := option.price_for(country, weight_grams)) is not None
    ]
    return sorted(quotes, key=lambda quote: (quote.price.amount, quote.id))
