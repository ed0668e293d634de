"""Customers and staff use the whole shop: price changes, access to orders, a restart."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from cli.demo import create_demo_shipping_options
from infra.synth import openapi_path, synthesize
from local import demo_users
from local.shop import RunningShop, Shop
from tests.conftest import free_port
from tests.journeys.visitor import Guest, Staff, new_key, wait_until

pytestmark = pytest.mark.cloud


def test_a_price_change_is_noted_rejects_one_checkout_and_is_then_accepted(
    shop: RunningShop,
) -> None:
    staff, guest = Staff(shop), Guest(shop)
    sku = staff.list_product(price=1000)
    guest.put(sku, 2)
    outdated_request = guest.checkout_request()
    _reprice(staff, sku, 1200)
    wait_until("the note", lambda: guest.basket()["lines"][0]["notes"])

    rejected = guest.check_out(outdated_request, new_key())
    accepted = guest.check_out(guest.checkout_request(), new_key())

    assert rejected.status_code == 409
    problem = rejected.json()
    assert problem["type"] == "/problems/total-changed"
    assert problem["changes"] == [
        {
            "sku": sku,
            "previous_price": {"amount": 1000, "currency": "GBP"},
            "current_price": {"amount": 1200, "currency": "GBP"},
        }
    ]
    assert accepted.status_code == 202
    order = guest.wait_for_order(accepted.json()["order_id"])
    assert order["subtotal"] == {"amount": 2400, "currency": "GBP"}


def test_a_delisted_product_is_noted_and_cannot_be_bought(shop: RunningShop) -> None:
    staff, guest = Staff(shop), Guest(shop)
    sku = staff.list_product()
    guest.put(sku)
    staff.http.post(f"/staff/products/{sku}/delisting", headers={"If-Match": '"1"'})
    wait_until("the note", lambda: guest.basket()["lines"][0]["notes"])

    rejected = guest.check_out(guest.checkout_request(), new_key())

    assert rejected.status_code == 409
    assert rejected.json()["type"] == "/problems/product-delisted"
    assert rejected.json()["skus"] == [sku]


def test_a_concurrent_change_of_a_product_fails_with_the_current_version(
    shop: RunningShop,
) -> None:
    staff = Staff(shop)
    sku = staff.list_product()
    _reprice(staff, sku, 5)

    second = staff.http.put(
        f"/staff/products/{sku}/price",
        json={"price": {"amount": 6, "currency": "GBP"}},
        headers={"If-Match": '"1"'},
    )

    assert second.status_code == 412
    assert second.json()["version"] == 2


def test_an_order_of_another_customer_looks_like_a_missing_order(shop: RunningShop) -> None:
    owner, other = Guest(shop), Guest(shop)
    owner.put(Staff(shop).list_product())
    order_id = owner.place_order()
    owner.wait_for_order(order_id)

    of_another = other.http.get(f"/guest/orders/{order_id}")
    missing = other.http.get(f"/guest/orders/{order_id[:-4]}0000")

    assert of_another.status_code == missing.status_code == 404
    assert of_another.json()["type"] == missing.json()["type"]
    assert other.orders() == []


def test_a_signed_in_customer_can_buy_and_has_no_staff_access(shop: RunningShop) -> None:
    sku = Staff(shop).list_product()
    token = demo_users.sign_in(shop, "ada")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=shop.urls["api"], headers=headers, timeout=30) as ada:
        for line in ada.get("/basket").json()["lines"]:  # from other tests
            ada.delete(f"/basket/items/{line['sku']}").raise_for_status()
        wait_until(
            "a line", lambda: ada.put(f"/basket/items/{sku}", json={"quantity": 1}).is_success
        )
        checkout = Guest(shop).checkout_request() | {
            "expected_total": {"amount": 1999 + 495, "currency": "GBP"},
        }
        key = {"Idempotency-Key": new_key()}
        accepted = ada.post("/basket/checkout", json=checkout, headers=key)
        order_id = accepted.json()["order_id"]
        wait_until("the order", lambda: ada.get(f"/orders/{order_id}").is_success)
        staff_only = ada.post(f"/staff/products/{sku}/delisting", headers={"If-Match": '"1"'})

    assert accepted.headers["Location"] == f"/api/orders/{order_id}"
    assert staff_only.status_code == 403
    assert httpx.get(f"{shop.urls['api']}/orders/{order_id}").status_code == 401


def test_a_restarted_shop_has_all_orders_and_accepts_new_ones(tmp_path: Path) -> None:
    assembly = synthesize(print)
    shop = Shop(tmp_path / "state")

    def start() -> RunningShop:
        running = shop.start(assembly, openapi_path(assembly), free_port(), False, print)
        demo_users.ensure_exist(running)
        create_demo_shipping_options(running.urls["storefront"], demo_users.sign_in(running, "sam"))
        return running

    first = start()
    guest = Guest(first)
    sku = Staff(first).list_product()
    guest.put(sku)
    order_id = guest.check_out(guest.checkout_request(), new_key()).json()["order_id"]
    assert shop.stop()

    second = start()
    try:
        returning = Guest(second)
        returning.http.headers["Guest-Token"] = guest.http.headers["Guest-Token"]
        returning.wait_for_order(order_id)
        returning.put(sku, 5)
        second_id = returning.place_order()
        returning.wait_for_order(second_id)
        assert {order["order_id"] for order in returning.orders()} == {order_id, second_id}
    finally:
        shop.stop()


def _reprice(staff: Staff, sku: str, amount: int) -> None:
    response = staff.http.put(
        f"/staff/products/{sku}/price",
        json={"price": {"amount": amount, "currency": "GBP"}},
        headers={"If-Match": '"1"'},
    )
    assert response.status_code == 200, response.text
