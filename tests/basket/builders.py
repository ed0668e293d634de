"""Offers, lines and checkouts, with the boring parts filled in."""

from __future__ import annotations

from typing import Any

from souk.basket.domain import Contact, Head, Line, Offer, Receipt
from souk.basket.events import BasketCheckedOut
from souk.basket.shipping import Option, Rate
from souk.basket.usecases import Checkout
from souk.kernel.clock import now
from souk.kernel.ids import new_id
from souk.kernel.money import Money

ADA = "customer-ada"
BOB = "guest-bob"
SHIPPING = 495


def pounds(amount: int) -> Money:
    """An amount in pence."""
    return Money(amount, "GBP")


def an_option(option: str = "standard", *rates: Rate, **given: Any) -> Option:
    """Sends anything everywhere for 4.95, unless other rates are given."""
    known = {"name": f"Name of {option}", "offered": True, "version": 1}
    return Option(**{"option": option, "rates": list(rates) or [a_rate()], **known, **given})


def a_rate(country: str = "*", price: int = SHIPPING, *, up_to: int | None = None) -> Rate:
    return Rate(country=country, max_grams=up_to, price=pounds(price))


STANDARD = an_option()


def an_offer(sku: str = "LAMP-1", *, price: int = 1299, **given: Any) -> Offer:
    known = {"name": f"Name of {sku}", "weight_grams": 900, "listed": True, "version": 1}
    return Offer(**{"sku": sku, "price": pounds(price), **known, **given})


def a_line(
    sku: str = "LAMP-1", *, quantity: int = 2, seen: int = 1299, added_at: str = "2026-11-23"
) -> Line:
    return Line(sku=sku, quantity=quantity, seen_price=pounds(seen), added_at=added_at)


def a_head(owner: str = ADA, **given: Any) -> Head:
    """Of a basket just begun with one line, good for an hour."""
    expires = int(now().timestamp()) + 3600
    known = {"basket_id": new_id(), "version": 1, "line_count": 1, "expires_at": expires}
    return Head(**{"owner": owner, **known, **given})


def a_wish(total: int, *, fingerprint: str = "body-1", **given: Any) -> Checkout:
    """A checkout at a total of the lines given in pence; shipping is added to it."""
    known = Checkout(
        contact={
            "name": "Ada Lovelace",
            "email": "ada@example.org",
            "address": {"city": "London", "country": "GB"},
        },
        shipping_option="standard",
        payment_token="tok_visa",
        expected_total=pounds(total + SHIPPING),
        fingerprint=fingerprint,
    )
    return known._replace(**given)


def a_receipt(total: int = 3093, *, fingerprint: str = "body-1") -> Receipt:
    return Receipt(order_id=new_id(), total=pounds(total), fingerprint=fingerprint)


def a_contact() -> Contact:
    return Contact(new_id(), {"name": "Ada Lovelace", "address": {"city": "London"}})


def a_checkout_of(head: Head, receipt: Receipt, contact: Contact) -> BasketCheckedOut:
    return BasketCheckedOut(
        order_id=receipt.order_id,
        owner=head.owner,
        contact_id=contact.contact_id,
        lines=[],
        shipping_option="standard",
        shipping=pounds(SHIPPING),
        total=receipt.total,
        payment_token="tok_visa",
        checked_out_at="2026-11-23T12:00:00.000Z",
    )
