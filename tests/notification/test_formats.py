"""Formats of amounts and times in emails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.clock import timestamp
from souk.kernel.money import Money
from souk.notification.formats import format_money, format_timestamp


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
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
def test_an_amount_has_the_decimal_places_of_its_currency(
    amount: int, currency: str, text: str
) -> None:
    assert format_money(Money(amount, currency)) == text


@given(amount=st.integers(0, 10**12))
def test_a_formatted_amount_is_exact_to_the_penny(amount: int) -> None:
    text = format_money(Money(amount, "GBP"))

    assert int(text.strip("£").replace(",", "").replace(".", "")) == amount


def test_a_time_is_formatted_in_utc_whatever_its_zone() -> None:
    assert format_timestamp("2026-11-24T22:45:09.123Z") == "24 November 2026, 22:45 UTC"
    assert format_timestamp("2026-11-25T00:45:00+02:00") == "24 November 2026, 22:45 UTC"


@given(moment=st.datetimes(timezones=st.timezones()))
def test_every_timestamp_of_the_shop_can_be_formatted(moment: object) -> None:
    formatted = format_timestamp(timestamp(moment))  # type: ignore[arg-type]  # a datetime
    assert formatted.endswith(" UTC")
