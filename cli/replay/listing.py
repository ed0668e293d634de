"""Lists and receives what a day sells, through the staff API, before its customers come."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import httpx

from cli.replay.answers import ProductAnswer, ShippingAnswer, read
from cli.replay.client import Ask, Lost, ReplayError, slug
from cli.replay.day import CURRENCY, Day, Line, Wanted
from cli.replay.staff import SignedIn

LOOK: Final = 0.1  # seconds between two looks whether baskets know how parcels are sent
SHIPPING: Final = "standard"
STANDARD: Final = {
    "option": SHIPPING,
    "name": "Standard",
    "rates": [{"country": "*", "price": {"amount": 495, "currency": CURRENCY}}],
}
LONGEST_NAME: Final = 200
LONGEST_DESCRIPTION: Final = 4000
CATEGORIES: Final = {
    "christmas": r"christmas|xmas|advent|santa|reindeer|snowm[ae]n|bauble|stocking",
    "bags": r"bags?|lunch ?box|purse|satchel|shopper|suitcase|trolley|rucksack|luggage",
    "lights": r"lights?|t-lights?|candles?|lanterns?|lamps?|candlesticks?|nightlight|chandelier",
    "kitchen": r"cake|cakestand|tea|teas|teapot|mugs?|cups?|plates?|bowls?|jars?|tins?|kitchen"
    r"|baking|cutlery|jugs?|spoons?|apron|coasters?|napkins?|glass(es)?|bottles?|trays?|egg",
    "garden": r"garden|plant|flowers?|planter|watering|bird|seeds?|herb|parasol|picnic",
    "paper": r"cards?|paper|wrap|notebooks?|stickers?|envelopes?|tissues?|pens?|pencils?|ribbons?"
    r"|journal|gift tags?|stationery|chalk|book",
    "jewellery": r"necklace|bracelets?|ear-?rings?|brooch|ring|bangle|pendant|jewellery|hair",
    "toys": r"toys?|dolls?|playhouse|puzzles?|games?|skittles|spaceboy|dolly|soft|playing|baby",
    "storage": r"box(es)?|drawers?|storage|baskets?|cabinet|crates?|hooks?|hangers?|shelf|rack",
    "home": r"cushions?|clocks?|frames?|mirrors?|doormats?|signs?|door|hearts?|wall|rug|quilt"
    r"|hot water|throw|stool|chair|table",
    "party": r"party|bunting|balloons?|birthday|garland|confetti|wedding",
}
OTHERWISE: Final = "gifts"
_PATTERNS: Final = {name: re.compile(rf"\b({words})\b") for name, words in CATEGORIES.items()}


@dataclass(frozen=True)
class Product:
    """A stock code at one price."""

    sku: str
    text: str
    unit_price: int
    stock: int

    @property
    def body(self) -> dict[str, object]:
        return {
            "sku": self.sku,
            "name": self.text[:LONGEST_NAME],
            "category": category_of(self.text),
            "description": self.text[:LONGEST_DESCRIPTION],
            "price": {"amount": self.unit_price, "currency": CURRENCY},
            "weight_grams": 0,
        }


def category_of(description: str) -> str:
    """The first category one of whose words is in the description."""
    text = description.lower()
    return next((name for name, words in _PATTERNS.items() if words.search(text)), OTHERWISE)


def products_of(day: Day) -> tuple[Product, ...]:
    """Everything the day sells, once, in the words of the first line that has any.

    Of each there is what the day's customers want together, unless the file says how much.
    """
    sold = [wanted for invoice in day.invoices for wanted in invoice.wanted]
    wanted_in_all: Counter[str] = Counter()
    for wanted in sold:
        wanted_in_all[wanted.sku] += wanted.quantity
    stock = {line.sku: line.stock for line in _lines(sold) if line.stock is not None}
    texts: dict[str, str] = {}
    for line in _lines(sold):
        if line.description:
            texts.setdefault(line.code, line.description)
    products = {
        wanted.sku: Product(
            wanted.sku,
            texts.get(wanted.lines[0].code, wanted.lines[0].code),
            wanted.unit_price,
            stock.get(wanted.sku, wanted_in_all[wanted.sku]),
        )
        for wanted in sold
    }
    return tuple(products.values())


def _lines(sold: Iterable[Wanted]) -> Iterator[Line]:
    return (line for wanted in sold for line in wanted.lines)


class Staff(SignedIn):
    """Lists and receives products for a day to come, and sees that they can be sent."""

    async def offer_shipping(self) -> None:
        """Offer the way the day's parcels are sent, unless it is; return once baskets know it."""
        if await self._is_offered():
            return
        ask = Ask("offer_shipping", "POST", "/api/staff/shipping-options", {}, STANDARD)
        try:
            answer = await self.ask(ask)
        except Lost as error:
            raise ReplayError(f"{SHIPPING} shipping could not be offered: {error}.") from error
        if not answer.is_success and slug(answer) != "option-taken":
            raise ReplayError(
                f"{SHIPPING} shipping could not be offered: the shop answered {slug(answer)}."
            )
        deadline = perf_counter() + self.client.patience.order
        while not await self._is_offered():
            if perf_counter() > deadline:
                raise ReplayError(f"baskets do not hear of {SHIPPING} shipping.")
            await asyncio.sleep(LOOK)

    async def _is_offered(self) -> bool:
        try:
            answer = await self.client.ask(Ask("read_shipping", "GET", "/api/shipping-options"))
            return any(each.option == SHIPPING for each in read(ShippingAnswer, answer).items)
        except Lost as error:
            raise ReplayError(f"the shipping options could not be read: {error}.") from error

    async def list_product(self, product: Product) -> str | None:
        """List it, or find it listed at the same price; the reason if the shop refuses it."""
        try:
            answer = await self.ask(
                Ask("list_product", "POST", "/api/staff/products", {}, product.body)
            )
            if slug(answer) == "sku-taken":
                await self._check_price(product)
                return None
        except Lost as error:
            raise ReplayError(f"{product.sku} could not be listed: {error}.") from error
        return _refusal(product, answer)

    async def receive(self, product: Product, key: str) -> None:
        """Put its pieces on the shelf, once for the key."""
        if not product.stock:
            return
        path = f"/api/staff/stock/{product.sku}/receipts"
        ask = Ask("receive", "POST", path, {"Idempotency-Key": key}, {"quantity": product.stock})
        try:
            answer = await self.ask(ask)
        except Lost as error:
            raise ReplayError(f"{product.sku} could not be received: {error}.") from error
        if not answer.is_success:
            why = slug(answer)
            raise ReplayError(f"{product.sku} could not be received: the shop answered {why}.")

    async def _check_price(self, product: Product) -> None:
        answer = await self.client.ask(Ask("check_product", "GET", f"/api/products/{product.sku}"))
        if not answer.is_success:
            raise Lost(f"the SKU is taken, but there is no such product ({slug(answer)})")
        price = read(ProductAnswer, answer).price
        if (price.amount, price.currency) != (product.unit_price, CURRENCY):
            raise ReplayError(
                f"{product.sku} is in the shop at {price.currency} {price.amount} and not at"
                f" {CURRENCY} {product.unit_price} (minor units); play the day in a fresh shop."
            )


def _refusal(product: Product, answer: httpx.Response) -> str | None:
    """A product the shop finds wrong is a refusal; not being let in ends the replay."""
    if answer.is_success:
        return None
    if answer.status_code in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
        return slug(answer)
    raise ReplayError(f"{product.sku} could not be listed: the shop answered {slug(answer)}.")
