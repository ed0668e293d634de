"""Plays a day against a running shop: stocks it, sends its customers, draws its books."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx

from cli.replay.answers import OrderSummary
from cli.replay.books import Books, Entry, draw_up, read_orders
from cli.replay.client import Client
from cli.replay.customers import Customer, Visit, derive
from cli.replay.day import Day, Invoice
from cli.replay.listing import Product, Staff, products_of

STAFF_AT_ONCE: Final = 8
ANSWER_WITHIN: Final = 30.0
HOME: Final = frozenset({"127.0.0.1", "localhost", "::1"})

Item = TypeVar("Item")
Result = TypeVar("Result")


def replay(
    day: Day,
    *,
    base_url: str,
    staff_token: Callable[[], str],
    secret: bytes,
    concurrency: int,
    progress: Callable[[int, int], None],
) -> Books:
    """Play the whole day and return its books; ReplayError when the shop will not let us.

    `progress` is told how much is done and how much there is. The secret decides who the visitors
    are: with the same one, a day played twice makes no second order.
    """

    async def play() -> Books:
        async with httpx.AsyncClient(
            base_url=base_url,
            timeout=ANSWER_WITHIN,
            limits=httpx.Limits(max_connections=max(concurrency, STAFF_AT_ONCE)),
            trust_env=urlsplit(base_url).hostname not in HOME,  # no proxy on the way to ourselves
        ) as http:
            play = Play(day, Client(http), secret, concurrency, progress)
            return await play.run(staff_token)

    return asyncio.run(play())


@dataclass
class Play:
    """One playing of a day. The books are read when the last customer has left."""

    day: Day
    client: Client
    secret: bytes
    concurrency: int
    progress: Callable[[int, int], None]
    done: int = 0

    async def run(self, staff_token: Callable[[], str]) -> Books:
        began = perf_counter()
        self._tick(0)
        staff = Staff(self.client, staff_token)
        if products_of(self.day):
            await staff.offer_shipping()
        unlisted = await self._list_products(staff)
        visits = await self._serve(unlisted)
        entries = await self._read_back(visits)
        return draw_up(self.day, entries, self.client, perf_counter() - began)

    async def _list_products(self, staff: Staff) -> dict[str, str]:
        """The SKUs the shop would not list, with the reason."""

        async def list_one(product: Product) -> str | None:
            refusal = await staff.list_product(product)
            if refusal is None:
                await staff.receive(product, self._receipt(product))
            self._tick(1)
            return refusal

        products = products_of(self.day)
        refusals = await each(products, list_one, at_once=STAFF_AT_ONCE)
        return {it.sku: why for it, why in zip(products, refusals, strict=True) if why}

    def _receipt(self, product: Product) -> str:
        """The same for a second replay of the day, which so receives nothing more."""
        return derive(self.secret, f"receipt/{self.day.name}", product.sku)

    async def _serve(self, unlisted: Mapping[str, str]) -> list[Visit]:
        async def serve(invoice: Invoice) -> Visit:
            visit = Visit()
            if invoice.wanted:
                visit = await Customer(invoice, self.client, self.secret, unlisted).shop()
            self._tick(len(invoice.wanted))
            return visit

        return await each(self.day.invoices, serve, at_once=self.concurrency)

    async def _read_back(self, visits: Sequence[Visit]) -> list[Entry]:
        async def look_up(invoice: Invoice) -> list[OrderSummary]:
            orders = await read_orders(self.client, self.secret, invoice.number)
            self._tick(1)
            return orders

        invoices = self.day.invoices
        found = await each(invoices, look_up, at_once=self.concurrency)
        return [Entry(*of) for of in zip(invoices, visits, found, strict=True)]

    def _tick(self, steps: int) -> None:
        self.done += steps
        self.progress(self.done, self._total)

    @cached_property
    def _total(self) -> int:
        wanted = sum(len(invoice.wanted) for invoice in self.day.invoices)
        return len(products_of(self.day)) + wanted + len(self.day.invoices)


async def each(
    items: Sequence[Item], work: Callable[[Item], Awaitable[Result]], *, at_once: int
) -> list[Result]:
    """The results in the order of the items, begun in that order; the first error ends it all."""
    results: dict[int, Result] = {}
    queue = iter(enumerate(items))

    async def worker() -> None:
        for index, item in queue:
            results[index] = await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(worker())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [results[index] for index in range(len(items))]
