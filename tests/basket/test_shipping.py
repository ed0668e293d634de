"""The basket's copy of the shipping options: prices of parcels, and events in any order."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.basket import handlers
from souk.basket.shipping import ShippingRate, quote_options
from souk.delivery import events as delivery
from tests.basket.builders import a_rate, a_shipping_option, pounds
from tests.basket.fakes import FakeBaskets

OPTION = a_shipping_option(
    "express",
    a_rate("GB", 795, max_grams=2000),
    a_rate("GB", 1295, max_grams=20_000),
    a_rate("*", 2995, max_grams=5000),
)


@pytest.mark.parametrize(
    ("country", "weight_grams", "price"),
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
def test_a_parcel_costs_the_smallest_rate_that_accepts_its_weight(
    country: str | None, weight_grams: int, price: int | None
) -> None:
    expected = None if price is None else pounds(price)

    assert OPTION.price_for(country, weight_grams) == expected


RATES = st.lists(
    st.builds(
        a_rate,
        st.sampled_from(["GB", "FR", "*"]),
        st.integers(0, 5000),
        max_grams=st.none() | st.integers(1, 5000),
    ),
    min_size=1,
    max_size=6,
)


@given(RATES, st.integers(0, 6000), st.randoms())
def test_the_order_of_the_rates_does_not_matter(
    rates: list[ShippingRate], weight_grams: int, random: Random
) -> None:
    distinct = {(rate.country, rate.max_grams): rate for rate in rates}
    shuffled = list(distinct.values())
    random.shuffle(shuffled)

    first = a_shipping_option("any", *distinct.values())
    second = a_shipping_option("any", *shuffled)

    assert first.price_for("GB", weight_grams) == second.price_for("GB", weight_grams)


def test_an_option_that_is_not_offered_has_no_price() -> None:
    assert quote_options([a_shipping_option(offered=False)], "GB", 100) == []


def a_price_change(version: int) -> delivery.ShippingPriceChanged:
    """An event whose price in pence is its version."""
    rate = delivery.ShippingRate(country="GB", max_grams=None, price=pounds(version))
    return delivery.ShippingPriceChanged(
        option_id="express", name="Express", rates=[rate], offered=True, version=version
    )


@given(st.lists(st.integers(1, 6), min_size=1, max_size=15))
def test_the_highest_version_of_an_option_is_current(versions: list[int]) -> None:
    baskets = FakeBaskets()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "baskets", lambda: baskets)
        for version in versions:
            handlers.SUBSCRIPTIONS[delivery.ShippingPriceChanged](a_price_change(version))

    express = next(each for each in baskets.get_shipping_options() if each.option_id == "express")
    assert express.price_for("GB", 1) == pounds(max(versions))
