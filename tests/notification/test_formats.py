"""Prices and times as a reader in English expects them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.clock import stamp
from souk.kernel.money import Money
from souk.notification.formats import moment, price


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (123450, "GBP", "£1,234.50"),
        (5, "GBP", "£0.05"),
        (0, "EUR", "€0.00"),
        (-1299, "USD", "-$12.99"),
        (1200, "CHF", "CHF 12.00"),
        (1200, "JPY", "JPY 1,200"),
        (1234567, "KWD", "KWD 1,234.567"),
    ],
)
def test_a_price_is_written_with_its_currencys_decimals(
    amount: int, currency: str, written: str
) -> None:
    assert price(Money(amount, currency)) == written


@given(amount=st.integers(0, 10**12))
def test_no_penny_is_lost_in_writing(amount: int) -> None:
    written = price(Money(amount, "GBP"))

    assert int(written.strip("£").replace(",", "").replace(".", "")) == amount


def test_a_moment_is_written_in_utc_whatever_zone_it_came_in() -> None:
    assert moment("2026-11-24T22:45:09.123Z") == "24 November 2026, 22:45 UTC"
    assert moment("2026-11-25T00:45:00+02:00") == "24 November 2026, 22:45 UTC"


@given(when=st.datetimes(timezones=st.timezones()))
def test_every_stamp_of_the_shop_can_be_written(when: object) -> None:
    assert moment(stamp(when)).endswith(" UTC")  # type: ignore[arg-type]  # a datetime
