"""AWS's list prices, as of the date in `prices.json`, and bills computed from them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PRICES_FILE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True)
class BillLine:
    service: str
    what: str
    quantity: float
    usd: float


@cache
def load_prices() -> dict[str, Any]:
    """The price list: `prices` by name, and its `date`, `region` and `note`."""
    prices: dict[str, Any] = json.loads(PRICES_FILE.read_text(encoding="utf-8"))
    return prices


def compute_bill(quantities: Mapping[str, float]) -> list[BillLine]:
    """The lines for quantities by price name, without those of zero."""
    prices = load_prices()["prices"]
    lines = [_line(prices[name], quantity) for name, quantity in quantities.items() if quantity]
    return sorted(lines, key=lambda line: (line.service, line.what))


def _line(price: Mapping[str, Any], quantity: float) -> BillLine:
    usd = quantity * price["usd"] / price["per"]
    return BillLine(price["service"], price["what"], quantity, usd)


def total_usd(lines: list[BillLine]) -> float:
    return sum(line.usd for line in lines)
