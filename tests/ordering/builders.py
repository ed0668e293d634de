"""Builders of orders."""

from __future__ import annotations

from typing import Any

from souk.kernel.ids import new_id
from souk.kernel.money import Money
from souk.ordering.domain import Order, OrderLine, OrderStatus, Parcel, StatusChange

ADA = "customer-ada"
BOB = "guest-bob"
PARCEL = Parcel(
    carrier="souk-post", tracking_number="SP-1", dispatched_at="2026-11-24T12:02:00.000Z"
)


def pounds(amount: int) -> Money:
    """An amount in pence."""
    return Money(amount, "GBP")


def a_line(sku: str = "LAMP-1", *, quantity: int = 2, price: int = 1299) -> OrderLine:
    return OrderLine(sku=sku, name=f"Name of {sku}", quantity=quantity, unit_price=pounds(price))


def an_order(*lines: OrderLine, owner: str = ADA, shipping: int = 495, **fields: Any) -> Order:
    """A placed order; its total is the correct one unless `fields` has another."""
    order_lines = list(lines) or [a_line()]
    total = sum(line.quantity * line.unit_price.amount for line in order_lines) + shipping
    return Order(
        **{
            "order_id": new_id(),
            "owner": owner,
            "contact_id": "contact-1",
            "lines": order_lines,
            "shipping_option": "standard",
            "shipping": pounds(shipping),
            "total": pounds(total),
            "payment_token": "tok_visa",
            "correlation_id": "correlation-1",
            "history": [StatusChange(status=OrderStatus.PLACED, at="2026-11-23T12:00:00.000Z")],
            **fields,
        }
    )
