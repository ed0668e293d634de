"""Facts as the bus brings them, and the usual story of an order."""

from __future__ import annotations

from typing import Any

from souk.kernel.facts import Heard
from souk.kernel.ids import new_id

ADA, BOB = "customer-ada", "customer-bob"
TOTAL = {"amount": 2494, "currency": "GBP"}


def a_fact(
    name: str = "OrderPlaced", room: str = "ordering", *, second: int = 0, **data: Any
) -> Heard:
    return Heard(
        name=name,
        source=f"souk.{room}",
        id=new_id(),
        time=f"2026-11-24T12:00:{second:02}.000Z",
        correlation_id="journey-1",
        causation_id=None,
        data=data,
    )


def a_delivered_order(order_id: str, owner: str = ADA) -> list[Heard]:
    """What the rooms say of it, one a second."""
    whose = {"order_id": order_id, "owner": owner, "contact_id": "contact-1"}
    said: list[tuple[str, str, dict[str, Any]]] = [
        ("BasketCheckedOut", "basket", {**whose, "lines": [], "payment_token": "tok_ok"}),
        ("OrderPlaced", "ordering", {**whose, "total": TOTAL}),
        ("StockReserved", "inventory", {"order_id": order_id}),
        ("PaymentAuthorized", "payment", {"order_id": order_id, "amount": TOTAL}),
        ("OrderConfirmed", "ordering", {**whose, "total": TOTAL}),
        ("PaymentCaptured", "payment", {"order_id": order_id, "amount": TOTAL}),
        (
            "ShipmentDispatched",
            "delivery",
            {**whose, "shipment_id": "s-1", "carrier": "Swift", "tracking_number": "SW1"},
        ),
        ("ParcelDelivered", "delivery", {"order_id": order_id, "shipment_id": "s-1"}),
        ("OrderCompleted", "ordering", whose),
    ]
    return [a_fact(name, room, second=n, **data) for n, (name, room, data) in enumerate(said)]
