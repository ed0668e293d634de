"""Matches the cancellation lines of a day with the orders that they take items back from.

The files do not name the order of a cancellation. A line takes back items of one SKU (code and
price) from the latest order of the same customer that was placed at or before the line's time and
has enough items left. A cancellation that takes back all items of an order at once cancels the
order; any other is a return.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from cli.replay.day import Invoice, InvoiceLine

UNKNOWN_CUSTOMER = "unknown-customer"
NOTHING_TO_RETURN = "nothing-to-return"
MORE_THAN_BOUGHT = "more-than-bought"


@dataclass(frozen=True)
class Purchase:
    """A confirmed order of the day. `quantities` is the number of items by SKU."""

    invoice: str
    order_id: str
    customer: str
    at: datetime
    quantities: Mapping[str, int]


@dataclass(frozen=True)
class Reversal:
    """What one cancellation takes back from one order. `invoice` is the cancellation's number."""

    invoice: str
    purchase: Purchase
    lines: tuple[InvoiceLine, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.invoice, self.purchase.order_id

    @cached_property
    def quantities(self) -> dict[str, int]:
        """The number of items that come back, by SKU."""
        quantities: defaultdict[str, int] = defaultdict(int)
        for line in self.lines:
            quantities[line.sku] -= line.quantity
        return dict(quantities)

    @property
    def value(self) -> int:
        """Of the items that come back, in pennies."""
        return -sum(line.value for line in self.lines)

    @property
    def is_whole_order(self) -> bool:
        return self.quantities == dict(self.purchase.quantities)


@dataclass
class Matches:
    """The reversals that were found, and the reason by number of every line that has none."""

    reversals: list[Reversal] = field(default_factory=list)
    unmatched: dict[int, str] = field(default_factory=dict)


def match_reversals(invoices: Iterable[Invoice], purchases: Sequence[Purchase]) -> Matches:
    """Match every cancellation line, in order. An order never gives back more than was bought."""
    matches = Matches()
    remaining = _RemainingItems(purchases)
    for invoice in invoices:
        by_order: defaultdict[str, list[InvoiceLine]] = defaultdict(list)
        for line in invoice.cancellation_lines:
            result = remaining.take_back(line)
            if isinstance(result, Purchase):
                by_order[result.order_id].append(line)
            else:
                matches.unmatched[line.number] = result
        for order_id, lines in by_order.items():
            purchase = remaining.purchases[order_id]
            matches.reversals.append(Reversal(invoice.number, purchase, tuple(lines)))
    return matches


class _RemainingItems:
    """The items of each purchase that no line has taken back yet."""

    def __init__(self, purchases: Sequence[Purchase]) -> None:
        self.purchases = {purchase.order_id: purchase for purchase in purchases}
        self._latest_first = sorted(purchases, key=lambda purchase: purchase.at, reverse=True)
        self._remaining = {purchase.order_id: dict(purchase.quantities) for purchase in purchases}

    def take_back(self, line: InvoiceLine) -> Purchase | str:
        """The purchase that the line takes items back from, or the reason why there is none."""
        if not line.customer:
            return UNKNOWN_CUSTOMER
        candidates = [
            purchase
            for purchase in self._latest_first
            if purchase.customer == line.customer
            and purchase.at <= line.at
            and line.sku in purchase.quantities
        ]
        for purchase in candidates:
            remaining = self._remaining[purchase.order_id]
            if remaining[line.sku] >= -line.quantity:
                remaining[line.sku] += line.quantity
                return purchase
        return MORE_THAN_BOUGHT if candidates else NOTHING_TO_RETURN
