"""Builders of offers, lines and checkouts with default values."""

from __future__ import annotations

from typing import Any

from souk.basket.domain import BasketHead, BasketLine, CheckoutRecord, ContactRecord, Offer
from souk.basket.events import BasketCheckedOut
from souk.basket.shipping import ShippingOption, ShippingRate
from souk.basket.usecases import Checkout
from souk.kernel.clock import now
from souk.kernel.ids import new_id
from souk.kernel.money import Money

ADA = "customer-ada"
BOB = "guest-bob"
SHIPPING_PENCE = 495


def pounds(amount: int) -> Money:
    """`amount` is in pence."""
    return Money(amount, "GBP")


def a_shipping_option(
    option_id: str = "standard", *rates: ShippingRate, **fields: Any
) -> ShippingOption:
    """By default it ships any weight to all countries for £4.95."""
    defaults = {"name": f"Name of {option_id}", "offered": True, "version": 1}
    rate_list = list(rates) or [a_rate()]
    return ShippingOption(**{"option_id": option_id, "rates": rate_list, **defaults, **fields})


def a_rate(
    country: str = "*", price: int = SHIPPING_PENCE, *, max_grams: int | None = None
) -> ShippingRate:
    return ShippingRate(country=country, max_grams=max_grams, price=pounds(price))


STANDARD = a_shipping_option()


def an_offer(sku: str = "LAMP-1", *, price: int = 1299, **fields: Any) -> Offer:
    defaults = {"name": f"Name of {sku}", "weight_grams": 900, "listed": True, "version": 1}
    return Offer(**{"sku": sku, "price": pounds(price), **defaults, **fields})


def a_line(
    sku: str = "LAMP-1", *, quantity: int = 2, seen_price: int = 1299, added_at: str = "2026-11-23"
) -> BasketLine:
    return BasketLine(sku=sku, quantity=quantity, seen_price=pounds(seen_price), added_at=added_at)


def a_basket_head(owner: str = ADA, **fields: Any) -> BasketHead:
    """The head of a new basket with one line; it expires in an hour."""
    expires_at = int(now().timestamp()) + 3600
    defaults = {"basket_id": new_id(), "version": 1, "line_count": 1, "expires_at": expires_at}
    return BasketHead(**{"owner": owner, **defaults, **fields})


def a_checkout(subtotal: int, *, fingerprint: str = "body-1", **fields: Any) -> Checkout:
    """A checkout that expects this subtotal in pence, plus standard shipping."""
    checkout = Checkout(
        contact={
            "name": "Ada Lovelace",
            "email": "ada@example.org",
            "address": {"city": "London", "country": "GB"},
        },
        shipping_option="standard",
        payment_token="tok_visa",
        expected_total=pounds(subtotal + SHIPPING_PENCE),
        fingerprint=fingerprint,
    )
    return checkout._replace(**fields)


def a_checkout_record(total: int = 3093, *, fingerprint: str = "body-1") -> CheckoutRecord:
    return CheckoutRecord(order_id=new_id(), total=pounds(total), fingerprint=fingerprint)


def a_contact() -> ContactRecord:
    return ContactRecord(new_id(), {"name": "Ada Lovelace", "address": {"city": "London"}})


def a_checked_out_event(
    head: BasketHead, record: CheckoutRecord, contact: ContactRecord
) -> BasketCheckedOut:
    return BasketCheckedOut(
        order_id=record.order_id,
        owner=head.owner,
        contact_id=contact.contact_id,
        lines=[],
        shipping_option="standard",
        shipping=pounds(SHIPPING_PENCE),
        total=record.total,
        payment_token="tok_visa",
        checked_out_at="2026-11-23T12:00:00.000Z",
    )
