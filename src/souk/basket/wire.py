"""Request and response bodies of the basket's routes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from souk.basket.domain import PricedLine, Quantity
from souk.kernel.money import Money
from souk.kernel.patterns import END, ONE_LINE

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
Email = Annotated[
    str, msgspec.Meta(max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s.]+" + END)
]
Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}" + END, description="ISO 3166-1 alpha-2")]
Token = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{4,200}" + END)]


class PutLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    quantity: Quantity


class Address(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    line1: Text
    city: Text
    country: Country
    line2: Text | None = None
    postcode: Text | None = None


class ContactDetails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Text
    email: Email
    address: Address


class CheckoutWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`expected_total` is the total the visitor saw: lines and shipping."""

    contact: ContactDetails
    shipping_option: Text
    payment_token: Token
    expected_total: Money


class CheckoutReceipt(msgspec.Struct, frozen=True):
    """The order is on its way; it stands under `Location` as soon as ordering has it."""

    order_id: str
    total: Money


class Note(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened to a product since its line was put."""

    kind: str
    was: Money | None = None
    now: Money | None = None


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: int
    unit_price: Money
    line_total: Money
    notes: list[Note]


class ShippingOption(msgspec.Struct, frozen=True):
    id: str
    price: Money
    name: str


class ShippingOffer(msgspec.Struct, frozen=True):
    option: str
    name: str
    price: Money


class ShippingOffers(msgspec.Struct, frozen=True):
    """The options that go there, cheapest first; none when nobody does."""

    items: list[ShippingOffer]


class BasketView(msgspec.Struct, frozen=True, kw_only=True):
    """Without a line put there is no basket yet: `basket_id` and `expires_at` are null.

    `shipping_options` are those for the country asked for; without one, those that go everywhere.
    """

    basket_id: str | None
    lines: list[LineView]
    subtotal: Money
    weight_grams: int
    shipping_options: list[ShippingOption]
    expires_at: str | None


def line_view(priced: PricedLine) -> LineView:
    return LineView(
        sku=priced.line.sku,
        name=priced.offer.name,
        quantity=priced.line.quantity,
        unit_price=priced.offer.price,
        line_total=priced.total,
        notes=_notes(priced),
    )


def _notes(priced: PricedLine) -> list[Note]:
    notes = []
    if priced.repriced:
        was, now = priced.line.seen_price, priced.offer.price
        notes.append(Note(kind="price-changed", was=was, now=now))
    if not priced.offer.listed:
        notes.append(Note(kind="delisted"))
    if priced.offer.sold_out:
        notes.append(Note(kind="sold-out"))
    return notes


def as_stored(contact: ContactDetails) -> dict[str, Any]:
    stored: dict[str, Any] = msgspec.to_builtins(contact)
    return stored
