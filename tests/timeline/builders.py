"""Events as the timeline receives them, and the events of a usual order."""

from __future__ import annotations

from typing import Any

from souk.kernel.events import ReceivedEvent
from souk.kernel.ids import new_id

ADA, BOB = "customer-ada", "customer-bob"
TOTAL = {"amount": 2494, "currency": "GBP"}


def a_received_event(
    name: str = "OrderPlaced", service: str = "ordering", *, second: int = 0, **data: Any
) -> ReceivedEvent:
    return ReceivedEvent(
        name=name,
        source=f"souk.{service}",
        id=new_id(),
        time=f"2026-11-24T12:00:{second:02}.000Z",
        correlation_id="correlation-1",
        causation_id=None,
        data=data,
    )


def events_of_a_delivered_order(order_id: str, owner: str = ADA) -> list[ReceivedEvent]:
    """The events of all services about the order, one a second, oldest first."""
    order = {"order_id": order_id, "owner": owner, "contact_id": "contact-1"}
    published: list[tuple[str, str, dict[str, Any]]] = [
        ("BasketCheckedOut", "basket", {**order, "lines": [], "payment_token": "tok_ok"}),
        ("OrderPlaced", "ordering", {**order, "total": TOTAL}),
        ("StockReserved", "inventory", {"order_id": order_id}),
        ("PaymentAuthorized", "payment", {"order_id": order_id, "amount": TOTAL}),
        ("OrderConfirmed", "ordering", {**order, "total": TOTAL}),
        ("PaymentCaptured", "payment", {"order_id": order_id, "amount": TOTAL}),
        (
            "ShipmentDispatched",
            "delivery",
            {**order, "shipment_id": "s-1", "carrier": "Swift", "tracking_number": "SW1"},
        ),
        ("ParcelDelivered", "delivery", {"order_id": order_id, "shipment_id": "s-1"}),
        ("OrderCompleted", "ordering", order),
    ]
    return [
        a_received_event(name, service, second=second, **data)
        for second, (name, service, data) in enumerate(published)
    ]
