"""Gives each stock code at each price a SKU of its own, within what the shop takes as a SKU."""

import hashlib
import re
from typing import Final

LONGEST: Final = 40
_OUTSIDE = re.compile(r"[^A-Za-z0-9_-]")


def sku_of(code: str, pennies: int) -> str:
    """`85123A` at 255 pennies is `85123A.255`; no two pairs of code and price share a SKU.

    A character the shop does not take becomes a dot and two hex digits per byte of UTF-8. Two dots
    in a row occur in no escaped code, so they mark the two exceptions: `x..` a code that does not
    begin with a letter or digit, `y..` one that is too long and goes by its SHA-256.
    """
    escaped = _OUTSIDE.sub(lambda odd: "." + odd[0].encode().hex("."), code)
    begins_well = escaped[0].isalnum()
    sku = f"{escaped if begins_well else 'x..' + escaped}.{pennies}"
    return sku if len(sku) <= LONGEST else _by_digest(code, pennies)


def _by_digest(code: str, pennies: int) -> str:
    room = LONGEST - len(f"y...{pennies}")
    return f"y..{hashlib.sha256(code.encode()).hexdigest()[:room]}.{pennies}"
