"""Finds for the day's cancellations what each takes back of what its customer bought that day.

The files give no order with a cancellation. A line takes back pieces of one SKU (code and price)
from the youngest order of the same customer, made no later, of which so many pieces are left. A
cancellation that takes all of an order at once undoes the order; all else is a return.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from cli.replay.day import Invoice, Line

UNKNOWN = "unknown-customer"
NOTHING = "nothing-to-return"
TOO_MANY = "more-than-bought"


@dataclass(frozen=True)
class Purchase:
    """What an invoice's customer has bought for sure, pieces by SKU."""

    invoice: str
    order_id: str
    customer: str
    at: datetime
    pieces: Mapping[str, int]


@dataclass(frozen=True)
class Claim:
    """What one cancellation of the file takes back from one order; `undoes` it as a whole."""

    number: str
    purchase: Purchase
    lines: tuple[Line, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.number, self.purchase.order_id

    @cached_property
    def pieces(self) -> dict[str, int]:
        pieces: defaultdict[str, int] = defaultdict(int)
        for line in self.lines:
            pieces[line.sku] -= line.quantity
        return dict(pieces)

    @property
    def value(self) -> int:
        """Of the goods that come back, in pennies."""
        return -sum(line.value for line in self.lines)

    @property
    def undoes(self) -> bool:
        return self.pieces == dict(self.purchase.pieces)


@dataclass
class Matching:
    """What is taken back from which order; and by line number why the rest is not."""

    claims: list[Claim] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def match(invoices: Iterable[Invoice], purchases: Sequence[Purchase]) -> Matching:
    """Each line finds an order or a reason; of no order more is taken than was bought."""
    found = Matching()
    shelf = _Left(purchases)
    for invoice in invoices:
        claimed: defaultdict[str, list[Line]] = defaultdict(list)
        for line in invoice.takes_back:
            taken = shelf.take(line)
            if isinstance(taken, Purchase):
                claimed[taken.order_id].append(line)
            else:
                found.refused[line.number] = taken
        for order_id, lines in claimed.items():
            found.claims.append(Claim(invoice.number, shelf.by_order[order_id], tuple(lines)))
    return found


class _Left:
    """What was bought and is not taken back, so far."""

    def __init__(self, purchases: Sequence[Purchase]) -> None:
        self.by_order = {each.order_id: each for each in purchases}
        self._youngest_first = sorted(purchases, key=lambda each: each.at, reverse=True)
        self._left = {each.order_id: dict(each.pieces) for each in purchases}

    def take(self, line: Line) -> Purchase | str:
        """Where the line's pieces come from, or why they cannot come back."""
        if not line.customer:
            return UNKNOWN
        theirs = [
            each
            for each in self._youngest_first
            if each.customer == line.customer and each.at <= line.at and line.sku in each.pieces
        ]
        for purchase in theirs:
            left = self._left[purchase.order_id]
            if left[line.sku] >= -line.quantity:
                left[line.sku] += line.quantity
                return purchase
        return TOO_MANY if theirs else NOTHING
