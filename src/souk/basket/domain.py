"""Baskets: their lines, the offers that price them, and the conditions of a checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from souk.basket.events import OrderLine
from souk.kernel.errors import Conflict, IdempotencyKeyReused, InvalidRequest
from souk.kernel.money import Money, sum_money

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_LINES = 1000
MAX_QUANTITY = 100_000
LIFETIME_DAYS = 60
MAX_NAME_BYTES = 100
"""1,000 lines of a 40-byte SKU, a 100-byte name and 90 other bytes fit in one event."""

Quantity = Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]


class ProductUnknown(Conflict):
    """The basket has not received the product's event yet. Usually temporary."""

    slug = "product-unknown"
    title = "Unknown product"
    retry_after = 1


class DelistedProduct(Conflict):
    """The member `skus` lists the delisted products."""

    slug = "product-delisted"
    title = "Product delisted"


class SoldOut(Conflict):
    """The member `skus` lists the products that have no stock available."""

    slug = "sold-out"
    title = "Product sold out"


class BasketFull(InvalidRequest):
    slug = "basket-full"
    title = "Basket full"


class BasketEmpty(Conflict):
    slug = "basket-empty"
    title = "Basket empty"


class TotalChanged(Conflict):
    """The customer saw another total than the basket has now.

    The members `total` and `shipping` are the current amounts; `changes` lists the lines whose
    unit price changed: `{sku, previous_price, current_price}`.
    """

    slug = "total-changed"
    title = "Total changed"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """The basket's own copy of a product, as of the catalog's `version` of it.

    `sold_out` comes from inventory and has its own version, `availability_version`.
    """

    sku: str
    name: str
    price: Money
    weight_grams: int
    listed: bool
    version: int
    sold_out: bool = False


class BasketLine(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a basket. `seen_price` is its unit price when the visitor last set the line."""

    sku: str
    quantity: int
    seen_price: Money
    added_at: str

    def merged_with(self, other: BasketLine | None) -> BasketLine:
        """Both quantities together, up to MAX_QUANTITY, added at the earlier of both times."""
        if other is None:
            return self
        quantity = min(self.quantity + other.quantity, MAX_QUANTITY)
        added_at = min(self.added_at, other.added_at)
        return msgspec.structs.replace(self, quantity=quantity, added_at=added_at)


class BasketHead(msgspec.Struct, frozen=True, kw_only=True):
    """An open basket without its lines. `version` grows with every change of a line."""

    basket_id: str
    owner: str
    version: int
    line_count: int
    expires_at: int  # Unix seconds


class ContactRecord(msgspec.Struct, frozen=True):
    """The contact given at a checkout: `details` has name, email and address.

    It is stored in a row of its own. Only its id goes into events.
    """

    contact_id: str
    details: dict[str, Any]


class PricedLine(msgspec.Struct, frozen=True):
    """A line together with the current offer for its product."""

    line: BasketLine
    offer: Offer

    @property
    def total(self) -> Money:
        return self.offer.price.times(self.line.quantity)

    @property
    def has_new_price(self) -> bool:
        """Whether the price changed since the visitor last set the line."""
        return self.offer.price != self.line.seen_price


class CheckoutRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The accepted checkout that an Idempotency-Key is bound to, forever."""

    order_id: str
    total: Money
    fingerprint: str
    """Identifies the request body."""

    def require_fingerprint(self, fingerprint: str) -> CheckoutRecord:
        """Returns the record itself. Raises IdempotencyKeyReused for another request body."""
        if fingerprint != self.fingerprint:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was used with a different request body. Use a new key."
            )
        return self


def price_lines(lines: Iterable[BasketLine], offers: Mapping[str, Offer]) -> list[PricedLine]:
    """The lines with their offers, in the order in which they were added."""
    ordered = sorted(lines, key=lambda line: (line.added_at, line.sku))
    return [PricedLine(line, offers[line.sku]) for line in ordered]


def subtotal(lines: Iterable[PricedLine], currency: str) -> Money:
    return sum_money((line.total for line in lines), currency)


def total_weight_grams(lines: Iterable[PricedLine]) -> int:
    return sum(line.offer.weight_grams * line.line.quantity for line in lines)


def check_total(lines: Sequence[PricedLine], shipping: Money, expected: Money) -> Money:
    """The total of lines and shipping, at the shop's current prices.

    Raises BasketEmpty, DelistedProduct, SoldOut, or TotalChanged unless it equals `expected`.
    """
    if not lines:
        raise BasketEmpty("The basket is empty. Add a product first.")
    delisted = [line.line.sku for line in lines if not line.offer.listed]
    if delisted:
        raise DelistedProduct(
            "Some products are no longer for sale. Remove them from the basket.", skus=delisted
        )
    sold_out = [line.line.sku for line in lines if line.offer.sold_out]
    if sold_out:
        raise SoldOut(
            "Some products are sold out. Remove them from the basket, or try again later.",
            skus=sold_out,
        )
    total = subtotal(lines, shipping.currency) + shipping
    if total != expected:
        raise TotalChanged(
            "The total has changed. Show it to the customer and check out again.",
            total=total,
            shipping=shipping,
            changes=[
                {
                    "sku": line.line.sku,
                    "previous_price": line.line.seen_price,
                    "current_price": line.offer.price,
                }
                for line in lines
                if line.has_new_price
            ],
        )
    return total


def to_order_lines(lines: Iterable[PricedLine]) -> list[OrderLine]:
    return [
        OrderLine(
            sku=each.line.sku,
            name=shorten_name(each.offer.name),
            quantity=each.line.quantity,
            unit_price=each.offer.price,
        )
        for each in lines
    ]


def shorten_name(name: str) -> str:
    """At most MAX_NAME_BYTES as JSON text, so that the largest basket fits in one event."""
    if len(msgspec.json.encode(name)) - 2 <= MAX_NAME_BYTES:  # without the two quotes
        return name
    while len(msgspec.json.encode(name)) + 1 > MAX_NAME_BYTES:  # minus two quotes, plus "…"
        name = name[:-1]
    return name + "…"
