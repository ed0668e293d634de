"""Events about one order, and emails with default values."""

from __future__ import annotations

from typing import Any

from souk.delivery.events import ShipmentDispatched
from souk.kernel.money import Money
from souk.notification.domain import CustomerEmail, Email, EmailType, Recipient
from souk.ordering.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    OrderRejected,
    ReturnAccepted,
    ReturnedLine,
)
from souk.payment.events import PaymentRefunded

ORDER = "0193f5a0-0000-7000-8000-000000000001"
CONTACT_ID = "0193f5a0-0000-7000-8000-00000000000c"
AT = "2026-11-24T22:45:09.123Z"
IDS: dict[str, Any] = {"order_id": ORDER, "owner": "guest-1", "contact_id": CONTACT_ID}
ADA = Recipient("Ada Lovelace", "ada@example.org", "12 St James's Square, London, GB")

PLACED = OrderPlaced(**IDS, line_count=3, total=Money(123450, "GBP"), placed_at=AT)
CONFIRMED = OrderConfirmed(**IDS, total=Money(123450, "GBP"), confirmed_at=AT)
DISPATCHED = ShipmentDispatched(
    **IDS,
    shipment_id="shipment-1",
    carrier="Caravan",
    tracking_number="CRV-42",
    dispatched_at=AT,
)
CANCELLED = OrderCancelled(**IDS, cancelled_at=AT)
RETURNED = ReturnAccepted(
    **IDS,
    return_id="return-1",
    lines=[
        ReturnedLine(sku="LAMP-1", quantity=2, restock=True),
        ReturnedLine(sku="RUG-1", quantity=1, restock=False),
    ],
    refund=Money(5000, "GBP"),
    accepted_at=AT,
)


def rejected(reason: str = "out-of-stock") -> OrderRejected:
    return OrderRejected(**IDS, reason=reason, rejected_at=AT)


def refunded(refund_id: str = "return-1", amount: int = 5000) -> PaymentRefunded:
    return PaymentRefunded(order_id=ORDER, refund_id=refund_id, amount=Money(amount, "GBP"))


def a_customer_email(
    email_type: EmailType = EmailType.CONFIRMED, contact_id: str | None = CONTACT_ID
) -> CustomerEmail:
    values = {"at": "24 November 2026, 22:45 UTC", "total": "£1,234.50", "amount": "£50.00"}
    return CustomerEmail(email_type, ORDER, values, contact_id)


def an_email(name: str = "confirmed", about: str = ORDER) -> Email:
    return Email(about, name, "Your order", CONTACT_ID)
