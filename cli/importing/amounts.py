"""Converts decimal text to whole numbers of a smaller unit, without rounding."""

import re
from decimal import Decimal
from typing import Final

DEFAULT_DECIMALS: Final = 2
CURRENCY_DECIMALS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
         "VND", "VUV", "XAF", "XOF", "XPF"), 0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""ISO 4217: the currencies whose number of decimals is not two."""

_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,15})?", re.ASCII)


def to_minor_units(text: str, currency: str) -> int:
    """12.10 GBP is 1210 pence. Raises ValueError if the currency has fewer decimals."""
    decimals = CURRENCY_DECIMALS.get(currency, DEFAULT_DECIMALS)
    amount = _scale(text, decimals)
    if amount is None:
        raise ValueError(f"{text} has more than the {decimals} decimals of {currency}")
    return amount


def to_grams(text: str, *, kilograms: bool) -> int:
    """Raises ValueError if the weight is not a whole number of grams."""
    weight = _scale(text, 3 if kilograms else 0)
    if weight is None:
        raise ValueError(f"{text} is not a whole number of grams")
    return weight


def to_whole_number(text: str) -> int:
    """Raises ValueError if the number has decimals other than zero."""
    number = _scale(text, 0)
    if number is None:
        raise ValueError(f"{text} is not a whole number")
    return number


def _scale(text: str, decimals: int) -> int | None:
    """The number times ten to the power of `decimals`; None if the result is not whole.

    Raises ValueError if the text is not a plain number.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a plain number such as 12.50")
    scaled = Decimal(text).scaleb(decimals)
    return int(scaled) if scaled == int(scaled) else None
