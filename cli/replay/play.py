"""Plays a day against a running shop: stocks it, sends its customers, draws its books."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import httpx

from cli.replay.answers import OrderSummary
from cli.replay.backstage import Account, Backstage, Figures, Shelf
from cli.replay.books import Books, draw_up, read_orders
from cli.replay.client import Client
from cli.replay.crowd import each
from cli.replay.customers import Customer, Visit, derive
from cli.replay.day import Day, Invoice
from cli.replay.entries import NOTHING, Entry, shelves_that_differ
from cli.replay.fulfilment import Fulfilment
from cli.replay.listing import Product, Staff, products_of

STAFF_AT_ONCE: Final = 8
ANSWER_WITHIN: Final = 30.0
LOOK: Final = 0.5  # seconds between two looks at ledger and storeroom
HOME: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def replay(
    day: Day,
    *,
    base_url: str,
    staff_token: Callable[[], str],
    backstage: Backstage,
    secret: bytes,
    concurrency: int,
    progress: Callable[[int, int], None],
    pause: float = 0.0,
) -> Books:
    """Play the whole day and return its books; ReplayError when the shop will not let us.

    Each parcel lies in the warehouse for `pause` seconds, and is as long on its way.
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
            play = Play(day, Client(http), backstage, secret, concurrency, progress, pause)
            return await play.run(staff_token)

    return asyncio.run(play())


@dataclass
class Play:
    """One playing of a day. The books are read when the last customer has left."""

    day: Day
    client: Client
    backstage: Backstage
    secret: bytes
    concurrency: int
    progress: Callable[[int, int], None]
    pause: float = 0.0
    done: int = 0

    async def run(self, staff_token: Callable[[], str]) -> Books:
        began = perf_counter()
        self._tick(0)
        staff = Staff(self.client, staff_token)
        if products_of(self.day):
            await staff.offer_shipping()
        unlisted = await self._list_products(staff)
        visits = await self._serve(unlisted)
        orders = await self._read_back([it for it in self.day.invoices if it.wanted])
        bought = [Entry(*of) for of in zip(self.day.invoices, visits, orders, strict=True)]
        entries = await self._fulfilment(staff).run(bought)
        orders = await self._read_back(self.day.invoices)
        self._tick(len(orders))
        entries = [replace(of, orders=now) for of, now in zip(entries, orders, strict=True)]
        entries, shelves = await self._settle(entries)
        return draw_up(self.day, entries, shelves, self.client, perf_counter() - began)

    def _fulfilment(self, staff: Staff) -> Fulfilment:
        return Fulfilment(
            client=self.client,
            staff=staff,
            notice_secret=self.backstage.notice_secret(),
            secret=self.secret,
            concurrency=self.concurrency,
            pause=self.pause,
            tick=self._tick,
        )

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

    async def _read_back(self, asked: Sequence[Invoice]) -> list[list[OrderSummary]]:
        """The orders of each of the day's invoices; none of one that is not asked for."""

        async def look_up(invoice: Invoice) -> list[OrderSummary]:
            return await read_orders(self.client, self.secret, invoice.number)

        found = await each(asked, look_up, at_once=self.concurrency)
        by_number = {it.number: orders for it, orders in zip(asked, found, strict=True)}
        return [by_number.get(it.number, []) for it in self.day.invoices]

    async def _settle(self, entries: Sequence[Entry]) -> tuple[list[Entry], dict[str, Shelf]]:
        """The entries with their accounts, and the day's shelves: goods and money follow orders
        by facts, so we look again while they differ and our patience lasts."""
        deadline = perf_counter() + self.client.patience.order
        while True:
            figures = await asyncio.to_thread(self.backstage.figures)
            settled = [replace(of, account=_account(of, figures)) for of in entries]
            shelves = {it.sku: figures.shelves.get(it.sku, Shelf()) for it in products_of(self.day)}
            moving = any(any(of.unsettled()) for of in settled) or any(shelves_that_differ(shelves))
            if not moving or perf_counter() + LOOK > deadline:
                return settled, shelves
            await asyncio.sleep(LOOK)

    def _tick(self, steps: int) -> None:
        self.done += steps
        self.progress(self.done, self._total)

    @cached_property
    def _total(self) -> int:
        wanted = sum(len(invoice.wanted) for invoice in self.day.invoices)
        return len(products_of(self.day)) + wanted + 2 * len(self.day.invoices)


def _account(entry: Entry, figures: Figures) -> Account:
    if len(entry.orders) != 1:
        return NOTHING
    return figures.accounts.get(entry.orders[0].order_id, NOTHING)
