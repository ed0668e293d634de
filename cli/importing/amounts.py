"""Decimal text as whole numbers of a smaller unit: exactly, or not at all."""

import re
from decimal import Decimal
from typing import Final

# ISO 4217: how many decimals a currency has, where it is not two.
DECIMALS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
         "VND", "VUV", "XAF", "XOF", "XPF"), 0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)


def minor_units(text: str, currency: str) -> int:
    """The price as the shop counts it: 12.10 is 1210 pence. Raises ValueError."""
    decimals = DECIMALS.get(currency, 2)
    amount = _scaled(text, decimals)
    if amount is None:
        raise ValueError(f"{text} has more than the {decimals} decimals of {currency}")
    return amount


def grams(text: str, *, kilograms: bool) -> int:
    """Raises ValueError when it is not a whole number of grams."""
    weight = _scaled(text, 3 if kilograms else 0)
    if weight is None:
        raise ValueError(f"{text} is not a whole number of grams")
    return weight


def whole(text: str) -> int:
    """Raises ValueError."""
    number = _scaled(text, 0)
    if number is None:
        raise ValueError(f"{text} is not a whole number")
    return number


def _scaled(text: str, decimals: int) -> int | None:
    """The number times ten to the power of `decimals`; None if that is not whole."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a plain number such as 12.50")
    scaled = Decimal(text).scaleb(decimals)
    return int(scaled) if scaled == int(scaled) else None
