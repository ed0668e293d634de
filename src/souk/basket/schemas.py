"""Request and response bodies of the basket's routes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from souk.basket.domain import PricedLine, Quantity
from souk.kernel.money import Money
from souk.kernel.patterns import END_OF_TEXT, ONE_LINE

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]
Email = Annotated[
    str,
    msgspec.Meta(
        max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s.]+" + END_OF_TEXT
    ),
]
Country = Annotated[
    str, msgspec.Meta(pattern="^[A-Z]{2}" + END_OF_TEXT, description="ISO 3166-1 alpha-2")
]
PaymentToken = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{4,200}" + END_OF_TEXT)]


class SetQuantityRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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


class CheckoutRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`expected_total` is the total that the customer saw: lines and shipping."""

    contact: ContactDetails
    shipping_option: Text
    payment_token: PaymentToken
    expected_total: Money


class CheckoutResponse(msgspec.Struct, frozen=True):
    """The checkout is accepted. The order will appear under the URL in `Location`."""

    order_id: str
    total: Money


class LineNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What changed since the visitor last set the line.

    `type` is `price-changed`, which has both prices, `delisted` or `sold-out`.
    """

    type: str
    previous_price: Money | None = None
    current_price: Money | None = None


class BasketLineView(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: int
    unit_price: Money
    line_total: Money
    notes: list[LineNote]


class ShippingOptionView(msgspec.Struct, frozen=True):
    id: str
    name: str
    price: Money


class ShippingOptionList(msgspec.Struct, frozen=True):
    """The options that ship to the country, cheapest first; empty when none does."""

    items: list[ShippingOptionView]


class BasketView(msgspec.Struct, frozen=True, kw_only=True):
    """`basket_id` and `expires_at` are null until the first line is added.

    `shipping_options` are those that ship the basket to the requested country; without a
    country, those that ship to all countries.
    """

    basket_id: str | None
    lines: list[BasketLineView]
    subtotal: Money
    weight_grams: int
    shipping_options: list[ShippingOptionView]
    expires_at: str | None


def to_line_view(priced: PricedLine) -> BasketLineView:
    return BasketLineView(
        sku=priced.line.sku,
        name=priced.offer.name,
        quantity=priced.line.quantity,
        unit_price=priced.offer.price,
        line_total=priced.total,
        notes=_notes(priced),
    )


def _notes(priced: PricedLine) -> list[LineNote]:
    notes = []
    if priced.has_new_price:
        notes.append(
            LineNote(
                type="price-changed",
                previous_price=priced.line.seen_price,
                current_price=priced.offer.price,
            )
        )
    if not priced.offer.listed:
        notes.append(LineNote(type="delisted"))
    if priced.offer.sold_out:
        notes.append(LineNote(type="sold-out"))
    return notes


def to_contact_details(contact: ContactDetails) -> dict[str, Any]:
    """The contact as plain values, as it is stored."""
    details: dict[str, Any] = msgspec.to_builtins(contact)
    return details
