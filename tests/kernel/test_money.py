"""Money is an integer of minor units in one currency."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.money import Money, sum_money

AMOUNTS = st.integers(min_value=-(2**40), max_value=2**40)


def test_amounts_of_one_currency_add_up() -> None:
    assert Money(1299, "GBP") + Money(1, "GBP") == Money(1300, "GBP")


def test_amounts_in_different_currencies_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="cannot add EUR to GBP"):
        Money(1, "GBP") + Money(1, "EUR")


def test_a_price_times_a_quantity_is_exact() -> None:
    assert Money(1999, "GBP").times(100_000) == Money(199_900_000, "GBP")


def test_the_sum_of_no_amounts_is_zero() -> None:
    assert sum_money([], "GBP") == Money(0, "GBP")


def test_a_sum_refuses_an_amount_in_another_currency() -> None:
    with pytest.raises(ValueError, match="cannot add EUR"):
        sum_money([Money(1, "EUR")], "GBP")


@given(st.lists(AMOUNTS))
def test_a_sum_does_not_depend_on_the_order(amounts: list[int]) -> None:
    forwards = sum_money((Money(each, "GBP") for each in amounts), "GBP")
    backwards = sum_money((Money(each, "GBP") for each in reversed(amounts)), "GBP")

    assert forwards == backwards == Money(sum(amounts), "GBP")


@pytest.mark.parametrize("currency", ["gbp", "GB", "GBPS", "GBP\n", "", "£"])
def test_a_currency_must_be_a_three_letter_code(currency: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="currency"):
        msgspec.convert({"amount": 1, "currency": currency}, Money)


@pytest.mark.parametrize("amount", [12.99, "1299", None, True])
def test_an_amount_must_be_an_integer(amount: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="amount"):
        msgspec.convert({"amount": amount, "currency": "GBP"}, Money)
