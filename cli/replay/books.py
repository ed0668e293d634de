"""Draws up the books of a played day from what is really in the shop."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from math import ceil
from typing import Final
from urllib.parse import urlencode

from cli.replay.answers import OrdersPage, OrderSummary, read
from cli.replay.backstage import Shelf
from cli.replay.client import Ask, Client, Lost, ReplayError, slug
from cli.replay.customers import ORDERS, guest
from cli.replay.day import CURRENCY, Day
from cli.replay.entries import CONFIRMED, Entry, Shelves, shelves_that_differ
from cli.replay.way_back import CANCELLED, RETURNED

STEPS: Final = (
    "list_product",
    "read_product",
    "put_line",
    "read_basket",
    "checkout",
    "order_visible",
    "order_confirmed",
    "order_rejected",
    "shipment_made",
    "dispatch",
    "carrier_notice",
    "order_delivered",
    "cancel",
    "ask_return",
    "accept_return",
)


@dataclass(frozen=True)
class Value:
    """Goods in minor units: file = placed + refused, ordered = confirmed + rejected + open.

    Placed is what was ordered without what was taken back.
    """

    file: int
    placed: int
    refused: int
    ordered: int
    confirmed: int
    rejected: int
    cancelled: int
    returned: int


@dataclass(frozen=True)
class Money:
    """Captured - refunded = kept: the value of what customers kept, with its shipping."""

    captured: int
    refunded: int
    kept: int


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
    delivered: int
    cancelled: int
    kept_here: dict[str, int]
    returns: int
    lines_taken_back: int
    stock: Shelf
    money: Money
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
            "money": {CURRENCY: asdict(self.money)},
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


def draw_up(
    day: Day, entries: Sequence[Entry], shelves: Shelves, client: Client, seconds: float
) -> Books:
    """The books of the day's entries, one for each of its invoices."""
    served = [entry for entry in entries if len(entry.orders) == 1]
    refused = [refusal for entry in entries for refusal in entry.refusals]
    orders = [order for entry in entries for order in entry.orders]
    back = [it for entry in entries if entry.invoice.takes_back for it in entry.back if it.ended]
    taken = {how: sum(it.goods for it in back if it.ended == how) for how in (CANCELLED, RETURNED)}
    ordered = sum(entry.ordered() for entry in entries)
    books = Books(
        day=day.name,
        date=day.date,
        invoices=len(day.invoices),
        lines=len(day.lines),
        placed=len(served),
        lines_placed=sum(len(entry.kept) for entry in served),
        confirmed=sum(order.was_confirmed for order in orders),
        rejected=dict(Counter(order.rejected_for for order in orders if order.rejected_for)),
        refused=dict(Counter(why for _, why in refused)),
        refused_invoices=sum(entry.is_refused for entry in entries),
        unaccounted=sum(bool(entry.kept and not entry.orders) for entry in entries),
        duplicates=sum(max(0, len(entry.orders) - 1) for entry in entries),
        value=Value(
            file=day.value,
            placed=ordered - sum(taken.values()),
            refused=sum(line.value for line, _ in refused),
            ordered=ordered,
            confirmed=sum(entry.ordered(*CONFIRMED) for entry in entries),
            rejected=sum(entry.ordered("rejected") for entry in entries),
            cancelled=taken[CANCELLED],
            returned=taken[RETURNED],
        ),
        orders_in_table=len(orders),
        delivered=sum(order.status == "delivered" for order in orders),
        cancelled=sum(order.status == "cancelled" for order in orders),
        kept_here=dict(Counter(entry.stays for entry in served if entry.stays)),
        returns=sum(it.ended == RETURNED for it in back),
        lines_taken_back=sum(len(it.claim.lines) for it in back),
        stock=sum(shelves.values(), Shelf()),
        money=Money(
            captured=sum(entry.account.captured for entry in served),
            refunded=sum(entry.account.refunded for entry in served),
            kept=sum(entry.value_kept for entry in served),
        ),
        seconds=round(seconds, 3),
        latency_ms={step: percentiles(client.latencies[step]) for step in STEPS},
        asked_again=dict(client.asked_again),
        discrepancies=tuple(it for entry in entries for it in entry.discrepancies()),
    )
    wrong = (*_sums_that_differ(books), *shelves_that_differ(shelves))
    return replace(books, discrepancies=books.discrepancies + wrong)


def _sums_that_differ(books: Books) -> Iterator[str]:
    value, money = books.value, books.money
    lines = books.lines_placed + books.lines_taken_back + sum(books.refused.values())
    if lines != books.lines:
        yield f"Lines placed, taken back and refused are {lines}, but the file has {books.lines}."
    if value.placed + value.refused != value.file:
        total = value.placed + value.refused
        yield f"Placed and refused come to {total}, but the file to {value.file} (minor units)."
    if value.confirmed + value.rejected != value.ordered:
        total, ordered = value.confirmed + value.rejected, value.ordered
        yield f"Confirmed and rejected come to {total}, but ordered to {ordered} (minor units)."
    if money.captured - money.refunded != money.kept:
        total = money.captured - money.refunded
        yield f"Captured without refunded comes to {total}, what was kept to {money.kept}."
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
