"""The basket's own copy of the shipping options: what a parcel costs, whatever is heard when."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.basket import handlers
from souk.basket.shipping import Rate, priced
from souk.delivery.events import ShippingPriceChanged, ShippingRate
from tests.basket.builders import a_rate, an_option, pounds
from tests.basket.fakes import FakeBaskets

OPTION = an_option(
    "express",
    a_rate("GB", 795, up_to=2000),
    a_rate("GB", 1295, up_to=20_000),
    a_rate("*", 2995, up_to=5000),
)


@pytest.mark.parametrize(
    ("country", "grams", "price"),
    [
        ("GB", 0, 795),
        ("GB", 2000, 795),
        ("GB", 2001, 1295),
        ("GB", 20_001, None),
        ("FR", 5000, 2995),
        ("FR", 5001, None),
        (None, 5000, 2995),
    ],
)
def test_a_parcel_costs_the_smallest_rate_that_fits(
    country: str | None, grams: int, price: int | None
) -> None:
    assert OPTION.price(country, grams) == (None if price is None else pounds(price))


RATES = st.lists(
    st.builds(
        a_rate,
        st.sampled_from(["GB", "FR", "*"]),
        st.integers(0, 5000),
        up_to=st.none() | st.integers(1, 5000),
    ),
    min_size=1,
    max_size=6,
)


@given(RATES, st.integers(0, 6000), st.randoms())
def test_the_order_of_the_rates_does_not_matter(
    rates: list[Rate], grams: int, chance: Random
) -> None:
    by_place = {(rate.country, rate.max_grams): rate for rate in rates}
    shuffled = list(by_place.values())
    chance.shuffle(shuffled)

    first, second = an_option("any", *by_place.values()), an_option("any", *shuffled)

    assert first.price("GB", grams) == second.price("GB", grams)


def test_what_is_not_offered_is_not_priced() -> None:
    assert priced([an_option(offered=False)], "GB", 100) == []


def said(version: int) -> ShippingPriceChanged:
    rate = ShippingRate(country="GB", max_grams=None, price=pounds(version))
    return ShippingPriceChanged(
        option="express", name="Express", rates=[rate], offered=True, version=version
    )


@given(st.lists(st.integers(1, 6), min_size=1, max_size=15))
def test_of_what_is_heard_of_an_option_the_highest_version_holds(versions: list[int]) -> None:
    baskets = FakeBaskets()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "baskets", lambda: baskets)
        for version in versions:
            handlers.HEARS[ShippingPriceChanged](said(version))

    express = next(each for each in baskets.shipping_options() if each.option == "express")
    assert express.price("GB", 1) == pounds(max(versions))
