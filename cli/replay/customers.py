"""Buys what an invoice lists, through the shop's public API, as its customer would."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

import httpx

from cli.replay.client import ApiRequest, Client, OutcomeUnknown, problem_slug
from cli.replay.contacts import invent_contact
from cli.replay.day import CURRENCY, BasketLine, Invoice
from cli.replay.listing import SHIPPING_OPTION
from cli.replay.responses import BasketResponse, Money, OrderStatusView, parse

BASKET_PATH: Final = "/api/guest/basket"
ORDERS_PATH: Final = "/api/guest/orders"
FIRST_PAUSE_SECONDS: Final = 0.01
MAX_PAUSE_SECONDS: Final = 1.0
PAUSE_GROWTH: Final = 1.5


@dataclass
class PurchaseResult:
    """How a purchase ended for the customer.

    `refused` is the reason by SKU that the shop refused. `failure` says why the outcome is
    unknown; None if the customer knows it.
    """

    refused: dict[str, str] = field(default_factory=dict)
    failure: str | None = None


def derive_token(secret: bytes, purpose: str, invoice: str) -> str:
    """43 characters of A-Z a-z 0-9 _ - that cannot be guessed without the secret."""
    mac = hmac.digest(secret, f"{purpose}/{invoice}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def guest_headers(secret: bytes, invoice: str) -> dict[str, str]:
    """The header that identifies the guest of this invoice."""
    return {"Guest-Token": derive_token(secret, "guest-token", invoice)}


@dataclass(frozen=True)
class Customer:
    """The customer of one invoice. Sends one request at a time.

    `unlisted` is the reason by SKU for products that the shop did not list.
    """

    invoice: Invoice
    client: Client
    secret: bytes
    unlisted: Mapping[str, str]
    result: PurchaseResult = field(default_factory=PurchaseResult)

    async def buy(self) -> PurchaseResult:
        """Buy as much of the invoice as the shop accepts. It has at least one basket line."""
        try:
            await self._read_first_product()
            for line in self.invoice.basket_lines:
                await self._put_line(line)
            if self._accepted_lines():
                await self._check_out()
        except OutcomeUnknown as error:
            self.result.failure = str(error)
        return self.result

    def _accepted_lines(self) -> list[BasketLine]:
        return [line for line in self.invoice.basket_lines if line.sku not in self.result.refused]

    async def _read_first_product(self) -> None:
        first = self.invoice.basket_lines[0]
        if first.sku in self.unlisted:
            return
        response = await self._send("read_product", "GET", f"/api/products/{first.sku}")
        self._record_refusal(first, response)

    async def _put_line(self, line: BasketLine) -> None:
        reason = self.unlisted.get(line.sku)
        if reason:
            self.result.refused[line.sku] = reason
        if line.sku in self.result.refused:
            return
        path = f"{BASKET_PATH}/items/{line.sku}"
        response = await self._send("put_line", "PUT", path, body={"quantity": line.quantity})
        self._record_refusal(line, response)

    async def _check_out(self) -> None:
        request = self._checkout_request(await self._read_shipping_price())
        key = {"Idempotency-Key": derive_token(self.secret, "checkout", self.invoice.number)}
        path = f"{BASKET_PATH}/checkout"
        response = await self._send("checkout", "POST", path, body=request, headers=key)
        responded_at = perf_counter()
        for line in self._accepted_lines():
            self._record_refusal(line, response)
        if response.is_success:
            await self._wait_for_decision(response.headers.get("Location", ""), responded_at)

    async def _read_shipping_price(self) -> Money:
        """The price of shipping. Raises OutcomeUnknown unless the basket's subtotal is right."""
        response = await self._send("read_basket", "GET", BASKET_PATH)
        if not response.is_success:
            raise OutcomeUnknown(f"the basket could not be read ({problem_slug(response)})")
        basket = parse(BasketResponse, response)
        expected = sum(line.value for line in self._accepted_lines())
        if basket.subtotal != Money(amount=expected, currency=CURRENCY):
            actual = f"{basket.subtotal.currency} {basket.subtotal.amount}"
            raise OutcomeUnknown(
                f"the basket's subtotal is {actual} instead of {CURRENCY} {expected} (minor units)"
            )
        for option in basket.shipping_options:
            if option.id == SHIPPING_OPTION:
                return option.price
        raise OutcomeUnknown(f"the basket offers no {SHIPPING_OPTION} shipping")

    def _checkout_request(self, shipping: Money) -> dict[str, object]:
        total = shipping.amount + sum(line.value for line in self._accepted_lines())
        return {
            "contact": invent_contact(self.invoice.number, self.invoice.country),
            "shipping_option": SHIPPING_OPTION,
            "payment_token": self.invoice.payment,
            "expected_total": {"amount": total, "currency": shipping.currency},
        }

    async def _wait_for_decision(self, location: str, responded_at: float) -> None:
        """Poll until the order is confirmed or rejected, and record both latencies.

        Raises OutcomeUnknown when that takes too long.
        """
        if not location.startswith(f"{ORDERS_PATH}/"):
            raise OutcomeUnknown("the checkout response has no Location of the order")
        timeout = self.client.retry_policy.order_timeout_seconds
        status, pause = "not found", FIRST_PAUSE_SECONDS
        while (order := await self._read_order(location)) is None or order.is_open:
            if order and status == "not found":
                self._record_latency("visible", responded_at)
                status, pause = order.status, FIRST_PAUSE_SECONDS
            if perf_counter() + pause > responded_at + timeout:
                raise OutcomeUnknown(f"{location} was still {status} after {timeout:g} seconds")
            await asyncio.sleep(pause)
            pause = min(MAX_PAUSE_SECONDS, pause * PAUSE_GROWTH)
        if status == "not found":
            self._record_latency("visible", responded_at)
        self._record_latency(order.status, responded_at)

    async def _read_order(self, location: str) -> OrderStatusView | None:
        """The order; None as long as it does not exist."""
        response = await self._send("read_order", "GET", location)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if not response.is_success:
            raise OutcomeUnknown(f"{location} could not be read ({problem_slug(response)})")
        return parse(OrderStatusView, response)

    def _record_latency(self, event: str, responded_at: float) -> None:
        self.client.latencies[f"order_{event}"].append(perf_counter() - responded_at)

    def _record_refusal(self, line: BasketLine, response: httpx.Response) -> None:
        if not response.is_success:
            self.result.refused[line.sku] = problem_slug(response)

    async def _send(
        self,
        step: str,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        all_headers = guest_headers(self.secret, self.invoice.number) | dict(headers or {})
        return await self.client.send(ApiRequest(step, method, path, all_headers, body))
