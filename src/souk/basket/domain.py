"""Baskets: lines, the shop's offers they are priced by, and what checkout demands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from souk.basket.events import CheckedOutLine
from souk.kernel.errors import Conflict, Invalid
from souk.kernel.money import Money, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_LINES = 1000
MAX_QUANTITY = 100_000
LIFETIME_DAYS = 60
NAME_BYTES = 100
"""1,000 lines of 40 bytes SKU, 100 bytes name and 90 bytes rest stay under a fact's limit."""

Quantity = Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]


class ProductUnknown(Conflict):
    slug = "product-unknown"
    title = "The basket has not heard of this product yet"
    retry_after = 1


class ProductDelisted(Conflict):
    slug = "product-delisted"
    title = "The product is not for sale any more"


class SoldOut(Conflict):
    """Member: `skus`, of which nothing is free."""

    slug = "sold-out"
    title = "The product is sold out"


class BasketFull(Invalid):
    slug = "basket-full"
    title = f"A basket holds {MAX_LINES} lines"


class BasketEmpty(Conflict):
    slug = "basket-empty"
    title = "There is nothing in the basket"


class TotalChanged(Conflict):
    """Members: `total` and `shipping` as they are now, `changes` of lines since they were put."""

    slug = "total-changed"
    title = "The total is not what you saw"


class KeyReused(Invalid):
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another checkout"


class BasketMoved(Exception):
    """Between reading and writing, another request changed, closed or began the basket."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """The basket's own copy of what the catalog sells, as of the product's `version`.

    `sold_out` is what inventory said last; it has a version of its own, the turn.
    """

    sku: str
    name: str
    price: Money
    weight_grams: int
    listed: bool
    version: int
    sold_out: bool = False


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor put: `seen_price` is what it cost at that moment."""

    sku: str
    quantity: int
    seen_price: Money
    added_at: str

    def joined_by(self, other: Line | None) -> Line:
        """As many as both lines hold, up to MAX_QUANTITY, where the older one stands."""
        if other is None:
            return self
        quantity = min(self.quantity + other.quantity, MAX_QUANTITY)
        added_at = min(self.added_at, other.added_at)
        return msgspec.structs.replace(self, quantity=quantity, added_at=added_at)


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """An open basket without its lines. `version` grows with every change of a line."""

    basket_id: str
    owner: str
    version: int
    line_count: int
    expires_at: int  # Unix seconds


class Contact(msgspec.Struct, frozen=True):
    """Who receives the order. Stored as a row of its own; only its id ever travels."""

    contact_id: str
    details: dict[str, Any]


class PricedLine(msgspec.Struct, frozen=True):
    """A line beside today's offer for it."""

    line: Line
    offer: Offer

    @property
    def total(self) -> Money:
        return self.offer.price.times(self.line.quantity)

    @property
    def repriced(self) -> bool:
        return self.offer.price != self.line.seen_price


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkout was answered; the same key is answered the same for good."""

    order_id: str
    total: Money
    fingerprint: str  # of the request body

    def answered(self, fingerprint: str) -> Receipt:
        if fingerprint != self.fingerprint:
            raise KeyReused("this Idempotency-Key was used with another body; make a new key")
        return self


def price(lines: Iterable[Line], offers: Mapping[str, Offer]) -> list[PricedLine]:
    """Lines in the order they were added, each with its offer."""
    ordered = sorted(lines, key=lambda line: (line.added_at, line.sku))
    return [PricedLine(line, offers[line.sku]) for line in ordered]


def subtotal(lines: Iterable[PricedLine], currency: str) -> Money:
    return total((line.total for line in lines), currency)


def weight(lines: Iterable[PricedLine]) -> int:
    """In grams."""
    return sum(line.offer.weight_grams * line.line.quantity for line in lines)


def agree(lines: Sequence[PricedLine], shipping: Money, expected: Money) -> Money:
    """The total, computed by the shop from its own prices, if the visitor saw the same.

    Raises BasketEmpty, ProductDelisted, SoldOut or TotalChanged.
    """
    if not lines:
        raise BasketEmpty("put something into the basket first")
    gone = [line.line.sku for line in lines if not line.offer.listed]
    if gone:
        raise ProductDelisted("remove what is not for sale any more", skus=gone)
    sold_out = [line.line.sku for line in lines if line.offer.sold_out]
    if sold_out:
        raise SoldOut("remove what is sold out, or wait until it comes again", skus=sold_out)
    due = subtotal(lines, shipping.currency) + shipping
    if due != expected:
        raise TotalChanged(
            "look at the new total and check out again",
            total=due,
            shipping=shipping,
            changes=[
                {"sku": line.line.sku, "was": line.line.seen_price, "now": line.offer.price}
                for line in lines
                if line.repriced
            ],
        )
    return due


def checked_out_lines(lines: Iterable[PricedLine]) -> list[CheckedOutLine]:
    return [
        CheckedOutLine(
            sku=each.line.sku,
            name=shorten(each.offer.name),
            quantity=each.line.quantity,
            unit_price=each.offer.price,
        )
        for each in lines
    ]


def shorten(name: str) -> str:
    """At most NAME_BYTES as JSON text, so that the largest basket still fits in a fact."""
    if len(msgspec.json.encode(name)) - 2 <= NAME_BYTES:
        return name
    while len(msgspec.json.encode(name)) + 1 > NAME_BYTES:  # two quotes less, one … more
        name = name[:-1]
    return name + "…"
