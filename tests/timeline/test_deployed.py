"""The timeline in the running shop, where it receives the events of every service."""

from __future__ import annotations

from typing import Any

import pytest

from local.shop import RunningShop
from tests.journeys.test_returns import deliver, place_confirmed_order, request_return
from tests.journeys.visitor import Guest, Staff, wait_until

pytestmark = pytest.mark.cloud


def place_order(shop: RunningShop, guest: Guest, token: str = "tok_ok") -> str:
    guest.put(Staff(shop).list_product())
    return guest.place_order(token)


def read_entries(guest: Guest, order_id: str) -> list[dict[str, Any]]:
    """The entries of the order's timeline; none while the timeline does not know the order."""
    response = guest.http.get(f"/guest/orders/{order_id}/timeline")
    items: list[dict[str, Any]] = response.json()["items"] if response.status_code == 200 else []
    return items


def has_entry(guest: Guest, order_id: str, entry_type: str) -> bool:
    return any(entry["type"] == entry_type for entry in read_entries(guest, order_id))


def test_a_guest_follows_their_order_until_it_is_confirmed(shop: RunningShop) -> None:
    guest = Guest(shop)

    order_id = place_order(shop, guest)
    wait_until("confirmed", lambda: has_entry(guest, order_id, "confirmed"))

    assert [entry["type"] for entry in read_entries(guest, order_id)] == ["placed", "confirmed"]


def test_a_guest_reads_why_their_order_was_rejected(shop: RunningShop) -> None:
    guest = Guest(shop)

    order_id = place_order(shop, guest, "tok_declined")
    wait_until("rejected", lambda: has_entry(guest, order_id, "rejected"))

    assert read_entries(guest, order_id)[-1]["reason"] == "payment-declined"


def test_another_guest_gets_404(shop: RunningShop) -> None:
    guest = Guest(shop)
    order_id = place_order(shop, guest)
    wait_until("placed", lambda: has_entry(guest, order_id, "placed"))

    assert Guest(shop).http.get(f"/guest/orders/{order_id}/timeline").status_code == 404


def test_staff_read_the_events_of_every_service_under_one_correlation_id(shop: RunningShop) -> None:
    guest, staff = Guest(shop), Staff(shop)

    order_id = place_order(shop, guest)
    wait_until("confirmed", lambda: has_entry(guest, order_id, "confirmed"))
    items = staff.http.get(f"/staff/orders/{order_id}/timeline").json()["items"]

    events = {(item["service"], item["event"]) for item in items}
    assert events >= {
        ("basket", "BasketCheckedOut"),
        ("ordering", "OrderPlaced"),
        ("inventory", "StockReserved"),
        ("payment", "PaymentAuthorized"),
        ("ordering", "OrderConfirmed"),
    }
    assert len({item["correlation_id"] for item in items}) == 1


def test_an_event_about_no_order_is_a_recent_event(shop: RunningShop) -> None:
    staff = Staff(shop)

    staff.list_product(stock=0)

    def is_listed() -> bool:
        items = staff.http.get("/staff/events", params={"service": "catalog"}).json()["items"]
        return any(item["event"] == "ProductListed" for item in items)

    wait_until("the product's event", is_listed)


def test_a_guest_follows_their_order_to_its_delivery_and_its_refund(shop: RunningShop) -> None:
    staff = Staff(shop)
    sku = staff.list_product(stock=10)
    guest, order_id = place_confirmed_order(shop, sku)

    deliver(shop, staff, order_id)
    wait_until("delivered", lambda: has_entry(guest, order_id, "delivered"))
    wait_until("the order's status", lambda: (guest.order(order_id) or {})["status"] == "delivered")
    returned = request_return(guest, order_id, sku, 1).json()
    staff.http.post(
        f"/staff/returns/{returned['return_id']}/acceptance",
        json={"lines": [{"sku": sku, "restock": True}]},
    )
    wait_until("refunded", lambda: has_entry(guest, order_id, "refunded"))

    entries = {entry["type"]: entry for entry in read_entries(guest, order_id)}
    assert list(entries) == [
        "placed",
        "confirmed",
        "dispatched",
        "delivered",
        "return-accepted",
        "refunded",
    ]
    assert entries["dispatched"]["tracking_number"]
    assert entries["return-accepted"]["amount"] == entries["refunded"]["amount"]


def test_a_guest_reads_that_their_order_is_cancelled(shop: RunningShop) -> None:
    guest, order_id = place_confirmed_order(shop, Staff(shop).list_product(stock=10))

    guest.http.post(f"/guest/orders/{order_id}/cancellation")
    wait_until("cancelled", lambda: has_entry(guest, order_id, "cancelled"))

    assert [entry["type"] for entry in read_entries(guest, order_id)] == [
        "placed",
        "confirmed",
        "cancellation-requested",
        "cancelled",
    ]
