"""Prices and times as a reader in English expects them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from souk.kernel.money import Money

SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
DECIMALS = {  # ISO 4217, where they are not two
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def price(money: Money) -> str:
    """Such as `£1,234.50` or `CHF 12.00`."""
    places = DECIMALS.get(money.currency, 2)
    sign = SIGNS.get(money.currency, f"{money.currency} ")
    whole, rest = divmod(abs(money.amount), 10**places)
    fraction = f".{rest:0{places}}" if places else ""
    return f"{'-' if money.amount < 0 else ''}{sign}{whole:,}{fraction}"


def moment(stamp: str) -> str:
    """Such as `24 November 2026, 22:45 UTC`. Raises ValueError for what is no stamp."""
    when = datetime.fromisoformat(stamp).astimezone(UTC)
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}, {when:%H:%M} UTC"
