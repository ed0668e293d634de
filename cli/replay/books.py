"""Draws up the books of a played day from what is really in the shop."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from math import ceil
from typing import Final
from urllib.parse import urlencode

from cli.replay.answers import OrdersPage, OrderSummary, read
from cli.replay.client import Ask, Client, Lost, ReplayError, slug
from cli.replay.customers import ORDERS, Visit, guest
from cli.replay.day import CURRENCY, Day, Invoice, Line

STEPS: Final = (
    "list_product",
    "read_product",
    "put_line",
    "read_basket",
    "checkout",
    "order_visible",
    "order_confirmed",
    "order_rejected",
)


@dataclass(frozen=True)
class Value:
    """Goods in minor units: file = placed + refused, placed = confirmed + rejected + open."""

    file: int
    placed: int
    refused: int
    confirmed: int
    rejected: int


@dataclass(frozen=True)
class Entry:
    """One invoice: what its customer was told, and the orders the shop has of its visitor."""

    invoice: Invoice
    visit: Visit
    orders: Sequence[OrderSummary]

    def reason(self, line: Line) -> str | None:
        """Why this line was not ordered, if the reader of the file or the shop refused it."""
        return line.refusal or self.visit.refused.get(line.sku)

    @property
    def refusals(self) -> list[tuple[Line, str]]:
        return [(line, why) for line in self.invoice.lines if (why := self.reason(line))]

    @property
    def kept(self) -> list[Line]:
        return [line for line in self.invoice.lines if self.reason(line) is None]

    def ordered(self, *statuses: str) -> int:
        """What its orders in one of these states come to; all of them when none is named."""
        return sum(
            order.subtotal.amount
            for order in self.orders
            if not statuses or order.status in statuses
        )

    def discrepancies(self) -> Iterator[str]:
        """Each thing about this invoice that does not match, in a sentence."""
        name, count = f"Invoice {self.invoice.number}", len(self.orders)
        if count > 1:
            ids = ", ".join(order.order_id for order in self.orders)
            yield f"{name} has {count} orders instead of one: {ids}."
        elif count and not self.kept:
            yield f"{name} was refused, yet order {self.orders[0].order_id} is in the shop."
        elif count:
            yield from self._differences(name, self.orders[0])
        elif self.kept:
            yield f"{name} has no order: {self.visit.lost or 'though its customer saw one'}."

    def _differences(self, name: str, order: OrderSummary) -> Iterator[str]:
        kept = self.kept
        if order.is_open:
            yield f"{name} is neither confirmed nor rejected: {order.order_id} is {order.status}."
        value, lines = sum(line.value for line in kept), len({line.sku for line in kept})
        theirs = order.subtotal
        if (theirs.amount, theirs.currency) != (value, CURRENCY):
            actual = f"{theirs.currency} {theirs.amount}"
            yield f"{name} is ordered for {actual} instead of {CURRENCY} {value} (minor units)."
        if order.line_count != lines:
            yield f"{name} is ordered with {order.line_count} lines instead of {lines}."


@dataclass(frozen=True)
class Books:
    """A day's books. They balance when there is no discrepancy; each discrepancy is a sentence."""

    day: str
    date: date
    invoices: int
    lines: int
    placed: int
    lines_placed: int
    confirmed: int
    rejected: dict[str, int]
    refused: dict[str, int]
    refused_invoices: int
    unaccounted: int
    duplicates: int
    value: Value
    orders_in_table: int
    seconds: float
    latency_ms: dict[str, dict[str, float]]
    asked_again: dict[str, int]
    discrepancies: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        return not self.discrepancies

    def as_json(self) -> dict[str, object]:
        """The object `--json` prints."""
        return asdict(self) | {
            "date": self.date.isoformat(),
            "value": {CURRENCY: asdict(self.value)},
            "balanced": self.balanced,
        }


async def read_orders(client: Client, secret: bytes, invoice: str) -> list[OrderSummary]:
    """Every order the shop has of this invoice's visitor, page by page."""
    found: list[OrderSummary] = []
    query = {"limit": "100"}
    while True:
        page = await _page(client, f"{ORDERS}?{urlencode(query)}", guest(secret, invoice))
        found += page.items
        if page.next is None:
            return found
        query["cursor"] = page.next


async def _page(client: Client, path: str, headers: Mapping[str, str]) -> OrdersPage:
    try:
        answer = await client.ask(Ask("list_orders", "GET", path, headers))
        if answer.is_success:
            return read(OrdersPage, answer)
    except Lost as error:
        raise ReplayError(f"The orders could not be read back: {error}.") from error
    raise ReplayError(f"The orders could not be read back: the shop answered {slug(answer)}.")


def draw_up(day: Day, entries: Sequence[Entry], client: Client, seconds: float) -> Books:
    """The books of the day's entries, one for each of its invoices."""
    served = [entry for entry in entries if len(entry.orders) == 1]
    refused = [refusal for entry in entries for refusal in entry.refusals]
    orders = [order for entry in entries for order in entry.orders]
    books = Books(
        day=day.name,
        date=day.date,
        invoices=len(day.invoices),
        lines=len(day.lines),
        placed=len(served),
        lines_placed=sum(len(entry.kept) for entry in served),
        confirmed=sum(order.status == "confirmed" for order in orders),
        rejected=dict(Counter(order.rejected_for for order in orders if order.rejected_for)),
        refused=dict(Counter(why for _, why in refused)),
        refused_invoices=sum(not entry.kept for entry in entries),
        unaccounted=sum(bool(entry.kept and not entry.orders) for entry in entries),
        duplicates=sum(max(0, len(entry.orders) - 1) for entry in entries),
        value=Value(
            file=day.value,
            placed=sum(entry.ordered() for entry in entries),
            refused=sum(line.value for line, _ in refused),
            confirmed=sum(entry.ordered("confirmed") for entry in entries),
            rejected=sum(entry.ordered("rejected") for entry in entries),
        ),
        orders_in_table=len(orders),
        seconds=round(seconds, 3),
        latency_ms={step: percentiles(client.latencies[step]) for step in STEPS},
        asked_again=dict(client.asked_again),
        discrepancies=tuple(it for entry in entries for it in entry.discrepancies()),
    )
    return replace(books, discrepancies=books.discrepancies + tuple(_sums_that_differ(books)))


def _sums_that_differ(books: Books) -> Iterator[str]:
    value, lines = books.value, books.lines_placed + sum(books.refused.values())
    if lines != books.lines:
        yield f"Lines placed and refused are {lines}, but the file has {books.lines}."
    if value.placed + value.refused != value.file:
        total = value.placed + value.refused
        yield f"Placed and refused come to {total}, but the file to {value.file} (minor units)."
    if value.confirmed + value.rejected != value.placed:
        total = value.confirmed + value.rejected
        yield f"Confirmed and rejected come to {total}, but placed to {value.placed} (minor units)."
    if books.orders_in_table != books.placed:
        yield f"The shop has {books.orders_in_table} orders for {books.placed} invoices placed."


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile by nearest rank, in milliseconds; empty for an empty sample."""
    ranked = sorted(seconds)
    return {
        f"p{share}": round(1000 * ranked[ceil(len(ranked) * share / 100) - 1], 1)
        for share in (50, 99)
        if ranked
    }
