"""Money is whole pence of one currency."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.money import Money, total

AMOUNTS = st.integers(min_value=-(2**40), max_value=2**40)


def test_amounts_of_one_currency_add_up() -> None:
    assert Money(1299, "GBP") + Money(1, "GBP") == Money(1300, "GBP")


def test_pounds_and_euros_are_never_added() -> None:
    with pytest.raises(ValueError, match="cannot add EUR to GBP"):
        Money(1, "GBP") + Money(1, "EUR")


def test_a_price_times_a_quantity_is_exact() -> None:
    assert Money(1999, "GBP").times(100_000) == Money(199_900_000, "GBP")


def test_nothing_costs_zero_of_the_shops_currency() -> None:
    assert total([], "GBP") == Money(0, "GBP")


def test_a_total_refuses_a_foreign_amount() -> None:
    with pytest.raises(ValueError, match="cannot add EUR"):
        total([Money(1, "EUR")], "GBP")


@given(st.lists(AMOUNTS))
def test_a_total_is_the_sum_in_any_order(amounts: list[int]) -> None:
    forwards = total((Money(each, "GBP") for each in amounts), "GBP")
    backwards = total((Money(each, "GBP") for each in reversed(amounts)), "GBP")

    assert forwards == backwards == Money(sum(amounts), "GBP")


@pytest.mark.parametrize("currency", ["gbp", "GB", "GBPS", "GBP\n", "", "£"])
def test_only_a_currency_code_is_a_currency(currency: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="currency"):
        msgspec.convert({"amount": 1, "currency": currency}, Money)


@pytest.mark.parametrize("amount", [12.99, "1299", None, True])
def test_an_amount_is_a_whole_number(amount: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="amount"):
        msgspec.convert({"amount": amount, "currency": "GBP"}, Money)
