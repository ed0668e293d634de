"""The report of a replayed day: its totals, and every discrepancy between the file and the shop."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from math import ceil
from typing import Final
from urllib.parse import urlencode

from cli.replay.client import ApiRequest, Client, OutcomeUnknown, ReplayError, problem_slug
from cli.replay.customers import ORDERS_PATH, guest_headers
from cli.replay.day import CURRENCY, Day
from cli.replay.internals import StockBalance
from cli.replay.invoice_results import (
    CONFIRMED_STATUSES,
    InvoiceResult,
    StockBySku,
    stock_discrepancies,
)
from cli.replay.responses import OrdersPage, OrderSummary, parse
from cli.replay.returns import CANCELLED, RETURNED

STEPS: Final = (
    "list_product",
    "read_product",
    "put_line",
    "read_basket",
    "checkout",
    "order_visible",
    "order_confirmed",
    "order_rejected",
    "shipment_created",
    "dispatch",
    "carrier_webhook",
    "order_delivered",
    "cancel",
    "request_return",
    "accept_return",
)


@dataclass(frozen=True)
class Value:
    """Values of items in minor units.

    file = placed + refused; ordered = confirmed + rejected + still open. `placed` is `ordered`
    without `cancelled` and `returned`.
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
    """Payments in minor units: captured - refunded = kept.

    `kept` is the value of the items that customers keep, with their shipping.
    """

    captured: int
    refunded: int
    kept: int


@dataclass(frozen=True)
class ReplayReport:
    """The totals of a day. The day is balanced if there are no discrepancies.

    Each discrepancy is one sentence. `retries` counts by reason, `refused` counts lines and
    `rejected` and `not_dispatched` count orders by reason.
    """

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
    not_dispatched: dict[str, int]
    returns: int
    lines_reversed: int
    stock: StockBalance
    money: Money
    seconds: float
    latency_ms: dict[str, dict[str, float]]
    retries: dict[str, int]
    discrepancies: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        return not self.discrepancies

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return asdict(self) | {
            "date": self.date.isoformat(),
            "value": {CURRENCY: asdict(self.value)},
            "money": {CURRENCY: asdict(self.money)},
            "balanced": self.balanced,
        }


async def read_orders(client: Client, secret: bytes, invoice: str) -> list[OrderSummary]:
    """All orders of the invoice's guest, from all pages. Raises ReplayError."""
    orders: list[OrderSummary] = []
    query = {"limit": "100"}
    while True:
        path = f"{ORDERS_PATH}?{urlencode(query)}"
        page = await _read_page(client, path, guest_headers(secret, invoice))
        orders += page.items
        if page.next is None:
            return orders
        query["cursor"] = page.next


async def _read_page(client: Client, path: str, headers: Mapping[str, str]) -> OrdersPage:
    try:
        response = await client.send(ApiRequest("list_orders", "GET", path, headers))
        if response.is_success:
            return parse(OrdersPage, response)
    except OutcomeUnknown as error:
        raise ReplayError(f"The orders could not be read: {error}.") from error
    raise ReplayError(f"The orders could not be read: the shop responded {problem_slug(response)}.")


def build_report(
    day: Day,
    results: Sequence[InvoiceResult],
    stock: StockBySku,
    client: Client,
    seconds: float,
) -> ReplayReport:
    """The report of a day; `results` has one entry per invoice."""
    placed = [result for result in results if len(result.orders) == 1]
    refused_lines = [refused for result in results for refused in result.refused_lines]
    orders = [order for result in results for order in result.orders]
    reversals = [
        reversal
        for result in results
        if result.invoice.cancellation_lines  # so that each is counted once
        for reversal in result.reversals
        if reversal.outcome
    ]
    credited = {
        outcome: sum(it.credited for it in reversals if it.outcome == outcome)
        for outcome in (CANCELLED, RETURNED)
    }
    ordered = sum(result.ordered_value() for result in results)
    report = ReplayReport(
        day=day.name,
        date=day.date,
        invoices=len(day.invoices),
        lines=len(day.lines),
        placed=len(placed),
        lines_placed=sum(len(result.ordered_lines) for result in placed),
        confirmed=sum(order.was_confirmed for order in orders),
        rejected=dict(
            Counter(order.rejection_reason for order in orders if order.rejection_reason)
        ),
        refused=dict(Counter(reason for _, reason in refused_lines)),
        refused_invoices=sum(result.is_refused for result in results),
        unaccounted=sum(bool(it.ordered_lines and not it.orders) for it in results),
        duplicates=sum(max(0, len(result.orders) - 1) for result in results),
        value=Value(
            file=day.value,
            placed=ordered - sum(credited.values()),
            refused=sum(line.value for line, _ in refused_lines),
            ordered=ordered,
            confirmed=sum(result.ordered_value(*CONFIRMED_STATUSES) for result in results),
            rejected=sum(result.ordered_value("rejected") for result in results),
            cancelled=credited[CANCELLED],
            returned=credited[RETURNED],
        ),
        orders_in_table=len(orders),
        delivered=sum(order.status == "delivered" for order in orders),
        cancelled=sum(order.status == "cancelled" for order in orders),
        not_dispatched=dict(Counter(it.not_dispatched for it in placed if it.not_dispatched)),
        returns=sum(reversal.outcome == RETURNED for reversal in reversals),
        lines_reversed=sum(len(it.reversal.lines) for it in reversals),
        stock=sum(stock.values(), StockBalance()),
        money=Money(
            captured=sum(result.balance.captured for result in placed),
            refunded=sum(result.balance.refunded for result in placed),
            kept=sum(result.value_kept for result in placed),
        ),
        seconds=round(seconds, 3),
        latency_ms={step: percentiles(client.latencies[step]) for step in STEPS},
        retries=dict(client.retries),
        discrepancies=tuple(it for result in results for it in result.discrepancies()),
    )
    of_totals = (*_total_discrepancies(report), *stock_discrepancies(stock))
    return replace(report, discrepancies=report.discrepancies + of_totals)


def _total_discrepancies(report: ReplayReport) -> Iterator[str]:
    value, money = report.value, report.money
    lines = report.lines_placed + report.lines_reversed + sum(report.refused.values())
    if lines != report.lines:
        yield (
            f"{lines} lines were placed, reversed or refused, but the file has"
            f" {report.lines} lines."
        )
    if (total := value.placed + value.refused) != value.file:
        yield f"Placed and refused add up to {total} instead of {value.file} (minor units)."
    if (total := value.confirmed + value.rejected) != value.ordered:
        yield f"Confirmed and rejected add up to {total} instead of {value.ordered} (minor units)."
    if (total := money.captured - money.refunded) != money.kept:
        yield (
            f"Captured without refunded is {total}, but the items kept are worth {money.kept}"
            " (minor units)."
        )
    if report.orders_in_table != report.placed:
        yield f"The shop has {report.orders_in_table} orders for {report.placed} placed invoices."


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile (nearest rank) in milliseconds; empty for an empty sample."""
    ranked = sorted(seconds)
    return {
        f"p{percent}": round(1000 * ranked[ceil(len(ranked) * percent / 100) - 1], 1)
        for percent in (50, 99)
        if ranked
    }
