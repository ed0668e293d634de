"""Formats of amounts and times in emails, in English."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from souk.kernel.money import Money

CURRENCY_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
DECIMAL_PLACES = {  # of ISO 4217 currencies that have not two
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def format_money(money: Money) -> str:
    """Such as `£1,234.50` or `CHF 12.00`."""
    places = DECIMAL_PLACES.get(money.currency, 2)
    symbol = CURRENCY_SYMBOLS.get(money.currency, f"{money.currency} ")
    units, minor_units = divmod(abs(money.amount), 10**places)
    fraction = f".{minor_units:0{places}}" if places else ""
    return f"{'-' if money.amount < 0 else ''}{symbol}{units:,}{fraction}"


def format_timestamp(timestamp: str) -> str:
    """Such as `24 November 2026, 22:45 UTC`. Raises ValueError if it is not ISO 8601."""
    moment = datetime.fromisoformat(timestamp).astimezone(UTC)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} UTC"
