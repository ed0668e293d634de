"""Derives a unique SKU from a stock code and a price, within the limits of the shop's SKUs."""

import hashlib
import re
from typing import Final

MAX_LENGTH: Final = 40
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def build_sku(code: str, pennies: int) -> str:
    """`85123A` at 255 pennies is `85123A.255`. Two pairs of code and price never share a SKU.

    A character that a SKU cannot have becomes a dot and two hex digits per byte of UTF-8. No
    escaped code contains two dots in a row, so they mark the two exceptions: `x..` precedes a code
    that does not begin with a letter or digit, `y..` the SHA-256 of a code that is too long.
    """
    escaped = _UNSAFE.sub(lambda match: "." + match[0].encode().hex("."), code)
    is_valid_start = escaped[0].isalnum()
    sku = f"{escaped if is_valid_start else 'x..' + escaped}.{pennies}"
    return sku if len(sku) <= MAX_LENGTH else _build_hashed_sku(code, pennies)


def _build_hashed_sku(code: str, pennies: int) -> str:
    digest_length = MAX_LENGTH - len(f"y...{pennies}")
    return f"y..{hashlib.sha256(code.encode()).hexdigest()[:digest_length]}.{pennies}"
