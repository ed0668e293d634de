"""Plays an invoice over the shop's public HTTP API as its customer would."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

import httpx

from cli.replay.answers import BasketAnswer, Money, OrderState, read
from cli.replay.client import Ask, Client, Lost, slug
from cli.replay.contacts import contact_of
from cli.replay.day import CURRENCY, Invoice, Wanted
from cli.replay.listing import SHIPPING

BASKET: Final = "/api/guest/basket"
ORDERS: Final = "/api/guest/orders"
NOT_YET: Final = 404
FIRST_LOOK: Final = 0.01
LONGEST_LOOK: Final = 1.0


@dataclass
class Visit:
    """What became of one invoice as its customer saw it: SKUs refused and why, and whether the
    customer left without knowing how it ended."""

    refused: dict[str, str] = field(default_factory=dict)
    lost: str | None = None


def derive(secret: bytes, purpose: str, invoice: str) -> str:
    """43 characters of A-Z a-z 0-9 _ - that only the holder of the secret can tell."""
    mac = hmac.digest(secret, f"{purpose}/{invoice}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def guest(secret: bytes, invoice: str) -> dict[str, str]:
    """The header that makes a request this invoice's visitor's."""
    return {"Guest-Token": derive(secret, "guest-token", invoice)}


@dataclass(frozen=True)
class Customer:
    """The person behind one invoice; does one thing after the other."""

    invoice: Invoice
    client: Client
    secret: bytes
    unlisted: Mapping[str, str]
    visit: Visit = field(default_factory=Visit)

    async def shop(self) -> Visit:
        """Try to buy all of the invoice, which has something that can be sold."""
        try:
            await self._look_at_the_first()
            for wanted in self.invoice.wanted:
                await self._put(wanted)
            if self._kept():
                await self._buy()
        except Lost as error:
            self.visit.lost = str(error)
        return self.visit

    def _kept(self) -> list[Wanted]:
        return [it for it in self.invoice.wanted if it.sku not in self.visit.refused]

    async def _look_at_the_first(self) -> None:
        first = self.invoice.wanted[0]
        if first.sku in self.unlisted:
            return
        page = await self._ask("read_product", "GET", f"/api/products/{first.sku}")
        self._note(first, page)

    async def _put(self, wanted: Wanted) -> None:
        reason = self.unlisted.get(wanted.sku)
        if reason:
            self.visit.refused[wanted.sku] = reason
        if wanted.sku in self.visit.refused:
            return
        path = f"{BASKET}/items/{wanted.sku}"
        put = await self._ask("put_line", "PUT", path, body={"quantity": wanted.quantity})
        self._note(wanted, put)

    async def _buy(self) -> None:
        order = self._order(await self._shipping())
        key = {"Idempotency-Key": derive(self.secret, "checkout", self.invoice.number)}
        answer = await self._ask("checkout", "POST", f"{BASKET}/checkout", body=order, extra=key)
        answered = perf_counter()
        for wanted in self._kept():
            self._note(wanted, answer)
        if answer.is_success:
            await self._follow(answer.headers.get("Location", ""), answered)

    async def _shipping(self) -> Money:
        """What shipping costs; Lost when the basket does not come to the sum of what we put in."""
        answer = await self._ask("read_basket", "GET", BASKET)
        if not answer.is_success:
            raise Lost(f"the basket could not be read ({slug(answer)})")
        basket = read(BasketAnswer, answer)
        own = sum(wanted.value for wanted in self._kept())
        if basket.subtotal != Money(amount=own, currency=CURRENCY):
            theirs = f"{basket.subtotal.currency} {basket.subtotal.amount}"
            raise Lost(f"the basket comes to {theirs} and not to {CURRENCY} {own}, in minor units")
        for option in basket.shipping_options:
            if option.id == SHIPPING:
                return option.price
        raise Lost(f"the basket offers no {SHIPPING} shipping")

    def _order(self, shipping: Money) -> dict[str, object]:
        total = shipping.amount + sum(wanted.value for wanted in self._kept())
        return {
            "contact": contact_of(self.invoice.number, self.invoice.country),
            "shipping_option": SHIPPING,
            "payment_token": self.invoice.payment,
            "expected_total": {"amount": total, "currency": shipping.currency},
        }

    async def _follow(self, location: str, answered: float) -> None:
        """Look until the order is there, and on until it is confirmed or rejected."""
        if not location.startswith(f"{ORDERS}/"):
            raise Lost("checkout was answered without the place of the order")
        deadline = answered + self.client.patience.order
        status, pause = "not there", FIRST_LOOK
        while (order := await self._look_at(location)) is None or order.is_open:
            if order and status == "not there":
                self._time("visible", answered)
                status, pause = order.status, FIRST_LOOK
            if perf_counter() + pause > deadline:
                waited = self.client.patience.order
                raise Lost(f"{location} was still {status} after {waited:g} seconds")
            await asyncio.sleep(pause)
            pause = min(LONGEST_LOOK, pause * 1.5)
        if status == "not there":
            self._time("visible", answered)
        self._time(order.status, answered)

    async def _look_at(self, location: str) -> OrderState | None:
        look = await self._ask("read_order", "GET", location)
        if look.status_code == NOT_YET:
            return None
        if not look.is_success:
            raise Lost(f"{location} could not be read ({slug(look)})")
        return read(OrderState, look)

    def _time(self, what: str, answered: float) -> None:
        self.client.latencies[f"order_{what}"].append(perf_counter() - answered)

    def _note(self, wanted: Wanted, answer: httpx.Response) -> None:
        if not answer.is_success:
            self.visit.refused[wanted.sku] = slug(answer)

    async def _ask(
        self,
        step: str,
        method: str,
        path: str,
        *,
        body: object = None,
        extra: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        headers = guest(self.secret, self.invoice.number) | dict(extra or {})
        return await self.client.ask(Ask(step, method, path, headers, body))
