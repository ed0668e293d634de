"""AWS's list prices as they stood on the day `prices.json` names, and bills made from them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True)
class Line:
    """One line of a bill."""

    service: str
    what: str
    quantity: float
    usd: float


@cache
def table() -> dict[str, Any]:
    prices: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return prices


def bill(quantities: Mapping[str, float]) -> list[Line]:
    """What these quantities cost, by the names the table gives them; nothing costs nothing."""
    prices = table()["prices"]
    lines = [_line(prices[name], quantity) for name, quantity in quantities.items() if quantity]
    return sorted(lines, key=lambda line: (line.service, line.what))


def _line(price: Mapping[str, Any], quantity: float) -> Line:
    usd = quantity * price["usd"] / price["per"]
    return Line(price["service"], price["what"], quantity, usd)


def total(lines: list[Line]) -> float:
    return sum(line.usd for line in lines)
