"""Runs a replay: prepares the shop, places and fulfils the orders, and checks the result."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import httpx

from cli.replay.client import Client
from cli.replay.concurrency import run_concurrently
from cli.replay.customers import Customer, PurchaseResult, derive_token
from cli.replay.day import Day, Invoice
from cli.replay.fulfilment import Fulfilment
from cli.replay.internals import Balances, OrderBalance, ShopInternals, StockBalance
from cli.replay.invoice_results import NO_BALANCE, InvoiceResult, stock_discrepancies
from cli.replay.listing import CatalogStaff, Product, products_sold
from cli.replay.report import ReplayReport, build_report, read_orders
from cli.replay.responses import OrderSummary

STAFF_CONCURRENCY: Final = 8
TIMEOUT_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.5  # between two reads of the balances
LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def replay(
    day: Day,
    *,
    base_url: str,
    staff_token: Callable[[], str],
    internals: ShopInternals,
    secret: bytes,
    concurrency: int,
    progress: Callable[[int, int], None],
    pause_seconds: float = 0.0,
) -> ReplayReport:
    """Replay the whole day. Raises ReplayError when the shop cannot be used.

    Each parcel waits `pause_seconds` before and after its dispatch. `progress` receives the number
    of steps done and of all steps. The secret determines the guests: a day that is replayed again
    with the same secret creates no second order.
    """

    async def run() -> ReplayReport:
        async with httpx.AsyncClient(
            base_url=base_url,
            timeout=TIMEOUT_SECONDS,
            limits=httpx.Limits(max_connections=max(concurrency, STAFF_CONCURRENCY)),
            trust_env=urlsplit(base_url).hostname not in LOCAL_HOSTS,  # no proxy for a local shop
        ) as http:
            runner = ReplayRunner(
                day, Client(http), internals, secret, concurrency, progress, pause_seconds
            )
            return await runner.run(staff_token)

    return asyncio.run(run())


@dataclass
class ReplayRunner:
    """Runs one replay."""

    day: Day
    client: Client
    internals: ShopInternals
    secret: bytes
    concurrency: int
    progress: Callable[[int, int], None]
    pause_seconds: float = 0.0
    steps_done: int = 0

    async def run(self, staff_token: Callable[[], str]) -> ReplayReport:
        started = perf_counter()
        self._report_steps(0)
        staff = CatalogStaff(self.client, staff_token)
        if products_sold(self.day):
            await staff.create_shipping_option()
        unlisted = await self._list_products(staff)
        purchases = await self._buy(unlisted)
        orders = await self._read_orders([it for it in self.day.invoices if it.basket_lines])
        results = [
            InvoiceResult(*fields)
            for fields in zip(self.day.invoices, purchases, orders, strict=True)
        ]
        results = await self._fulfilment(staff).run(results)
        orders = await self._read_orders(self.day.invoices)
        self._report_steps(len(orders))
        results = [
            replace(result, orders=current) for result, current in zip(results, orders, strict=True)
        ]
        results, stock = await self._read_balances(results)
        return build_report(self.day, results, stock, self.client, perf_counter() - started)

    def _fulfilment(self, staff: CatalogStaff) -> Fulfilment:
        return Fulfilment(
            client=self.client,
            staff=staff,
            webhook_secret=self.internals.webhook_secret(),
            secret=self.secret,
            concurrency=self.concurrency,
            pause_seconds=self.pause_seconds,
            report_steps=self._report_steps,
        )

    async def _list_products(self, staff: CatalogStaff) -> dict[str, str]:
        """The reason by SKU of every product that the shop does not list."""

        async def list_product(product: Product) -> str | None:
            reason = await staff.list_product(product)
            if reason is None:
                await staff.receive_stock(product, self._receipt_key(product))
            self._report_steps(1)
            return reason

        products = products_sold(self.day)
        reasons = await run_concurrently(products, list_product, limit=STAFF_CONCURRENCY)
        return {
            product.sku: reason for product, reason in zip(products, reasons, strict=True) if reason
        }

    def _receipt_key(self, product: Product) -> str:
        """The same in each replay of the day, so that a second one receives nothing more."""
        return derive_token(self.secret, f"receipt/{self.day.name}", product.sku)

    async def _buy(self, unlisted: Mapping[str, str]) -> list[PurchaseResult]:
        async def buy(invoice: Invoice) -> PurchaseResult:
            result = PurchaseResult()
            if invoice.basket_lines:
                result = await Customer(invoice, self.client, self.secret, unlisted).buy()
            self._report_steps(len(invoice.basket_lines))
            return result

        return await run_concurrently(self.day.invoices, buy, limit=self.concurrency)

    async def _read_orders(self, invoices: Sequence[Invoice]) -> list[list[OrderSummary]]:
        """One list of orders per invoice of the day; empty for those not in `invoices`."""

        async def read(invoice: Invoice) -> list[OrderSummary]:
            return await read_orders(self.client, self.secret, invoice.number)

        found = await run_concurrently(invoices, read, limit=self.concurrency)
        by_number = {
            invoice.number: orders for invoice, orders in zip(invoices, found, strict=True)
        }
        return [by_number.get(invoice.number, []) for invoice in self.day.invoices]

    async def _read_balances(
        self, results: Sequence[InvoiceResult]
    ) -> tuple[list[InvoiceResult], dict[str, StockBalance]]:
        """The results with their balances, and the stock of the day's products by SKU.

        Money and stock follow the orders by events: as long as there are discrepancies, the
        balances are read again, until the timeout.
        """
        deadline = perf_counter() + self.client.retry_policy.order_timeout_seconds
        while True:
            balances = await asyncio.to_thread(self.internals.balances)
            updated = [replace(it, balance=_balance_of(it, balances)) for it in results]
            stock = {
                product.sku: balances.stock.get(product.sku, StockBalance())
                for product in products_sold(self.day)
            }
            has_discrepancies = any(any(it.balance_discrepancies()) for it in updated)
            has_discrepancies = has_discrepancies or any(stock_discrepancies(stock))
            if not has_discrepancies or perf_counter() + POLL_SECONDS > deadline:
                return updated, stock
            await asyncio.sleep(POLL_SECONDS)

    def _report_steps(self, steps: int) -> None:
        self.steps_done += steps
        self.progress(self.steps_done, self._total_steps)

    @cached_property
    def _total_steps(self) -> int:
        basket_lines = sum(len(invoice.basket_lines) for invoice in self.day.invoices)
        return len(products_sold(self.day)) + basket_lines + 2 * len(self.day.invoices)


def _balance_of(result: InvoiceResult, balances: Balances) -> OrderBalance:
    if len(result.orders) != 1:
        return NO_BALANCE
    return balances.orders.get(result.orders[0].order_id, NO_BALANCE)
