"""The journal in the running shop: it hears what every room says."""

from __future__ import annotations

from typing import Any

import pytest

from local.shop import Running
from tests.journeys.test_returns import bought, delivered, sends_back
from tests.journeys.visitor import Guest, Staff, until

pytestmark = pytest.mark.cloud


def an_order(shop: Running, guest: Guest, token: str = "tok_ok") -> str:
    guest.put(Staff(shop).list_product())
    return guest.buys(token)


def steps(guest: Guest, order_id: str) -> list[dict[str, Any]]:
    answer = guest.http.get(f"/guest/orders/{order_id}/timeline")
    found: list[dict[str, Any]] = answer.json()["items"] if answer.status_code == 200 else []
    return found


def has(guest: Guest, order_id: str, slug: str) -> bool:
    return any(step["slug"] == slug for step in steps(guest, order_id))


def test_a_guest_follows_their_order_until_it_is_confirmed(shop: Running) -> None:
    guest = Guest(shop)

    order_id = an_order(shop, guest)
    until("confirmed", lambda: has(guest, order_id, "confirmed"))

    assert [step["slug"] for step in steps(guest, order_id)] == ["placed", "confirmed"]


def test_a_guest_reads_why_their_order_was_rejected(shop: Running) -> None:
    guest = Guest(shop)

    order_id = an_order(shop, guest, "tok_declined")
    until("rejected", lambda: has(guest, order_id, "rejected"))

    assert steps(guest, order_id)[-1]["reason"] == "payment-declined"


def test_another_guest_finds_nothing(shop: Running) -> None:
    guest = Guest(shop)
    order_id = an_order(shop, guest)
    until("placed", lambda: has(guest, order_id, "placed"))

    assert Guest(shop).http.get(f"/guest/orders/{order_id}/timeline").status_code == 404


def test_staff_read_what_every_room_said_on_one_journey(shop: Running) -> None:
    guest, staff = Guest(shop), Staff(shop)

    order_id = an_order(shop, guest)
    until("confirmed", lambda: has(guest, order_id, "confirmed"))
    story = staff.http.get(f"/staff/orders/{order_id}/timeline").json()["items"]

    said = {(item["room"], item["fact"]) for item in story}
    assert said >= {
        ("basket", "BasketCheckedOut"),
        ("ordering", "OrderPlaced"),
        ("inventory", "StockReserved"),
        ("payment", "PaymentAuthorized"),
        ("ordering", "OrderConfirmed"),
    }
    assert len({item["correlation_id"] for item in story}) == 1


def test_a_fact_about_no_order_is_news(shop: Running) -> None:
    staff = Staff(shop)

    staff.list_product(stock=0)

    def listed() -> bool:
        found = staff.http.get("/staff/facts", params={"room": "catalog"}).json()["items"]
        return any(item["fact"] == "ProductListed" for item in found)

    until("news of a product", listed)


def test_a_guest_reads_the_way_out_and_the_way_back(shop: Running) -> None:
    staff = Staff(shop)
    sku = staff.list_product(stock=10)
    guest, order_id = bought(shop, sku)

    delivered(shop, staff, order_id)
    until("delivered", lambda: has(guest, order_id, "delivered"))
    until("the order to know", lambda: (guest.order(order_id) or {})["status"] == "delivered")
    back = sends_back(guest, order_id, sku, 1).json()
    staff.http.post(
        f"/staff/returns/{back['return_id']}/acceptance",
        json={"lines": [{"sku": sku, "restock": True}]},
    )
    until("refunded", lambda: has(guest, order_id, "refunded"))

    told = {step["slug"]: step for step in steps(guest, order_id)}
    assert list(told) == [
        "placed",
        "confirmed",
        "dispatched",
        "delivered",
        "return-accepted",
        "refunded",
    ]
    assert told["dispatched"]["tracking_number"]
    assert told["return-accepted"]["amount"] == told["refunded"]["amount"]


def test_a_guest_reads_that_their_order_is_cancelled(shop: Running) -> None:
    guest, order_id = bought(shop, Staff(shop).list_product(stock=10))

    guest.http.post(f"/guest/orders/{order_id}/cancellation")
    until("cancelled", lambda: has(guest, order_id, "cancelled"))

    assert [step["slug"] for step in steps(guest, order_id)] == [
        "placed",
        "confirmed",
        "cancellation-asked",
        "cancelled",
    ]
