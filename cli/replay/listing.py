"""Lists the products of a day and receives their stock, through the staff API."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import httpx

from cli.replay.client import ApiRequest, OutcomeUnknown, ReplayError, problem_slug
from cli.replay.day import CURRENCY, BasketLine, Day, InvoiceLine
from cli.replay.responses import ProductResponse, ShippingOptionsResponse, parse
from cli.replay.staff import StaffClient

POLL_SECONDS: Final = 0.1  # between two reads of the shipping options
SHIPPING_OPTION: Final = "standard"
STANDARD_SHIPPING: Final = {
    "id": SHIPPING_OPTION,
    "name": "Standard",
    "rates": [{"country": "*", "price": {"amount": 495, "currency": CURRENCY}}],
}
MAX_NAME_LENGTH: Final = 200
MAX_DESCRIPTION_LENGTH: Final = 4000
CATEGORY_PATTERNS: Final = {
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
DEFAULT_CATEGORY: Final = "gifts"
_COMPILED_PATTERNS: Final = {
    name: re.compile(rf"\b({pattern})\b") for name, pattern in CATEGORY_PATTERNS.items()
}


@dataclass(frozen=True)
class Product:
    """A stock code at one price in minor units. `stock` is the number of items to receive."""

    sku: str
    description: str
    unit_price: int
    stock: int

    @property
    def body(self) -> dict[str, object]:
        """The body of the request that lists it."""
        return {
            "sku": self.sku,
            "name": self.description[:MAX_NAME_LENGTH],
            "category": guess_category(self.description),
            "description": self.description[:MAX_DESCRIPTION_LENGTH],
            "price": {"amount": self.unit_price, "currency": CURRENCY},
            "weight_grams": 0,
        }


def guess_category(description: str) -> str:
    """The first category with a word that is in the description."""
    text = description.lower()
    return next(
        (name for name, pattern in _COMPILED_PATTERNS.items() if pattern.search(text)),
        DEFAULT_CATEGORY,
    )


def products_sold(day: Day) -> tuple[Product, ...]:
    """Each product that the day sells, once, with the first description that its code has.

    `stock` is the number in the file, otherwise as many as the day's customers order together.
    """
    sold = [line for invoice in day.invoices for line in invoice.basket_lines]
    ordered: Counter[str] = Counter()
    for basket_line in sold:
        ordered[basket_line.sku] += basket_line.quantity
    stock = {line.sku: line.stock for line in _invoice_lines(sold) if line.stock is not None}
    descriptions: dict[str, str] = {}
    for line in _invoice_lines(sold):
        if line.description:
            descriptions.setdefault(line.code, line.description)
    products = {
        basket_line.sku: Product(
            basket_line.sku,
            descriptions.get(basket_line.lines[0].code, basket_line.lines[0].code),
            basket_line.unit_price,
            stock.get(basket_line.sku, ordered[basket_line.sku]),
        )
        for basket_line in sold
    }
    return tuple(products.values())


def _invoice_lines(sold: Iterable[BasketLine]) -> Iterator[InvoiceLine]:
    return (line for basket_line in sold for line in basket_line.lines)


class CatalogStaff(StaffClient):
    """Staff who prepare the shop for a day: products, stock and shipping."""

    async def create_shipping_option(self) -> None:
        """Create the shipping option of the day's orders if needed, and wait until it is offered.

        Raises ReplayError.
        """
        if await self._is_shipping_offered():
            return
        request = ApiRequest(
            "create_shipping_option", "POST", "/api/staff/shipping-options", {}, STANDARD_SHIPPING
        )
        try:
            response = await self.send(request)
        except OutcomeUnknown as error:
            raise ReplayError(
                f"The shipping option {SHIPPING_OPTION} could not be created: {error}."
            ) from error
        if not response.is_success and problem_slug(response) != "shipping-option-exists":
            raise ReplayError(
                f"The shipping option {SHIPPING_OPTION} could not be created: the shop responded"
                f" {problem_slug(response)}."
            )
        deadline = perf_counter() + self.client.retry_policy.order_timeout_seconds
        while not await self._is_shipping_offered():
            if perf_counter() > deadline:
                raise ReplayError(
                    f"The shipping option {SHIPPING_OPTION} was created, but baskets do not"
                    " offer it."
                )
            await asyncio.sleep(POLL_SECONDS)

    async def _is_shipping_offered(self) -> bool:
        request = ApiRequest("read_shipping_options", "GET", "/api/shipping-options")
        try:
            options = parse(ShippingOptionsResponse, await self.client.send(request)).items
        except OutcomeUnknown as error:
            raise ReplayError(f"The shipping options could not be read: {error}.") from error
        return any(option.id == SHIPPING_OPTION for option in options)

    async def list_product(self, product: Product) -> str | None:
        """List the product, or check that it is listed at this price.

        Returns None, or the reason why the shop does not accept the product. Raises ReplayError.
        """
        request = ApiRequest("list_product", "POST", "/api/staff/products", {}, product.body)
        try:
            response = await self.send(request)
            if problem_slug(response) == "sku-exists":
                await self._check_price(product)
                return None
        except OutcomeUnknown as error:
            raise ReplayError(f"{product.sku} could not be listed: {error}.") from error
        return _refusal_reason(product, response)

    async def receive_stock(self, product: Product, key: str) -> None:
        """Receive the product's stock, once per idempotency key. Raises ReplayError."""
        if not product.stock:
            return
        path = f"/api/staff/stock/{product.sku}/receipts"
        request = ApiRequest(
            "receive_stock", "POST", path, {"Idempotency-Key": key}, {"quantity": product.stock}
        )
        try:
            response = await self.send(request)
        except OutcomeUnknown as error:
            raise ReplayError(f"{product.sku} could not be received: {error}.") from error
        if not response.is_success:
            raise ReplayError(
                f"{product.sku} could not be received: the shop responded {problem_slug(response)}."
            )

    async def _check_price(self, product: Product) -> None:
        response = await self.client.send(
            ApiRequest("check_product", "GET", f"/api/products/{product.sku}")
        )
        if not response.is_success:
            raise OutcomeUnknown(
                f"the SKU exists, but there is no such product ({problem_slug(response)})"
            )
        price = parse(ProductResponse, response).price
        if (price.amount, price.currency) != (product.unit_price, CURRENCY):
            raise ReplayError(
                f"{product.sku} is listed at {price.currency} {price.amount} instead of"
                f" {CURRENCY} {product.unit_price} (minor units); replay the day in a fresh shop."
            )


def _refusal_reason(product: Product, response: httpx.Response) -> str | None:
    """The reason why the shop refuses this product; None if it was listed.

    Raises ReplayError for any other error, such as a missing permission.
    """
    if response.is_success:
        return None
    if response.status_code in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
        return problem_slug(response)
    raise ReplayError(
        f"{product.sku} could not be listed: the shop responded {problem_slug(response)}."
    )
