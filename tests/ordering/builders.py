"""Orders, with the boring parts filled in."""

from __future__ import annotations

from typing import Any

from souk.kernel.ids import new_id
from souk.kernel.money import Money
from souk.ordering.domain import Change, Line, Order, Parcel, Status

ADA = "customer-ada"
BOB = "guest-bob"
PARCEL = Parcel(
    carrier="souk-post", tracking_number="SP-1", dispatched_at="2026-11-24T12:02:00.000Z"
)


def pounds(amount: int) -> Money:
    """An amount in pence."""
    return Money(amount, "GBP")


def a_line(sku: str = "LAMP-1", *, quantity: int = 2, price: int = 1299) -> Line:
    return Line(sku=sku, name=f"Name of {sku}", quantity=quantity, unit_price=pounds(price))


def an_order(*lines: Line, owner: str = ADA, shipping: int = 495, **given: Any) -> Order:
    """An order whose total is right unless another is given."""
    held = list(lines) or [a_line()]
    due = sum(line.quantity * line.unit_price.amount for line in held) + shipping
    return Order(
        **{
            "order_id": new_id(),
            "owner": owner,
            "contact_id": "contact-1",
            "lines": held,
            "shipping_option": "standard",
            "shipping": pounds(shipping),
            "total": pounds(due),
            "payment_token": "tok_visa",
            "journey": "journey-1",
            "history": [Change(status=Status.PLACED, at="2026-11-23T12:00:00.000Z")],
            **given,
        }
    )
