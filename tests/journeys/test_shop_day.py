"""What visitors and staff experience: prices that move, baskets that are theirs, restarts."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from cli.demo import offer_shipping
from infra.synth import openapi_path, synthesize
from local import people
from local.shop import Running, Shop
from tests.conftest import free_port
from tests.journeys.visitor import Guest, Staff, new_key, until

pytestmark = pytest.mark.cloud


def test_a_price_change_is_noted_refused_once_and_then_accepted(shop: Running) -> None:
    staff, guest = Staff(shop), Guest(shop)
    sku = staff.list_product(price=1000)
    guest.put(sku, 2)
    seen = guest.wish()
    _reprice(staff, sku, 1200)
    until("the note", lambda: guest.basket()["lines"][0]["notes"])

    refused = guest.check_out(seen, new_key())
    accepted = guest.check_out(guest.wish(), new_key())

    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"] == "/problems/total-changed"
    assert problem["changes"] == [
        {
            "sku": sku,
            "was": {"amount": 1000, "currency": "GBP"},
            "now": {"amount": 1200, "currency": "GBP"},
        }
    ]
    assert accepted.status_code == 202
    order = guest.sees(accepted.json()["order_id"])
    assert order["subtotal"] == {"amount": 2400, "currency": "GBP"}


def test_a_delisted_product_is_noted_and_cannot_be_bought(shop: Running) -> None:
    staff, guest = Staff(shop), Guest(shop)
    sku = staff.list_product()
    guest.put(sku)
    staff.http.post(f"/staff/products/{sku}/delisting", headers={"If-Match": '"1"'})
    until("the note", lambda: guest.basket()["lines"][0]["notes"])

    refused = guest.check_out(guest.wish(), new_key())

    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/product-delisted"
    assert refused.json()["skus"] == [sku]


def test_the_second_of_two_members_of_staff_is_told_that_the_product_changed(
    shop: Running,
) -> None:
    staff = Staff(shop)
    sku = staff.list_product()
    _reprice(staff, sku, 5)

    late = staff.http.put(
        f"/staff/products/{sku}/price",
        json={"price": {"amount": 6, "currency": "GBP"}},
        headers={"If-Match": '"1"'},
    )

    assert late.status_code == 412
    assert late.json()["version"] == 2


def test_a_strangers_order_cannot_be_told_from_one_that_is_not(shop: Running) -> None:
    ours, stranger = Guest(shop), Guest(shop)
    ours.put(Staff(shop).list_product())
    order_id = ours.check_out(ours.wish(), new_key()).json()["order_id"]
    ours.sees(order_id)

    theirs = stranger.http.get(f"/guest/orders/{order_id}")
    nobodys = stranger.http.get(f"/guest/orders/{order_id[:-4]}0000")

    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json()["type"] == nobodys.json()["type"]
    assert stranger.orders() == []


def test_a_customer_signs_in_buys_and_is_not_staff(shop: Running) -> None:
    sku = Staff(shop).list_product()
    token = people.token(shop, "ada")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=shop.urls["api"], headers=headers, timeout=30) as ada:
        for line in ada.get("/basket").json()["lines"]:  # ada shops in other tests, too
            ada.delete(f"/basket/items/{line['sku']}").raise_for_status()
        until("a line", lambda: ada.put(f"/basket/items/{sku}", json={"quantity": 1}).is_success)
        wish = Guest(shop).wish() | {
            "expected_total": {"amount": 1999 + 495, "currency": "GBP"},
        }
        bought = ada.post("/basket/checkout", json=wish, headers={"Idempotency-Key": new_key()})
        order_id = bought.json()["order_id"]
        until("the order", lambda: ada.get(f"/orders/{order_id}").is_success)
        staff_only = ada.post(f"/staff/products/{sku}/delisting", headers={"If-Match": '"1"'})

    assert bought.headers["Location"] == f"/api/orders/{order_id}"
    assert staff_only.status_code == 403
    assert httpx.get(f"{shop.urls['api']}/orders/{order_id}").status_code == 401


def test_a_shop_opened_again_knows_everything_and_goes_on(tmp_path: Path) -> None:
    assembly = synthesize(print)
    home = Shop(tmp_path / "state")

    def opened() -> Running:
        running = home.start(assembly, openapi_path(assembly), free_port(), False, print)
        people.ensure(running)
        offer_shipping(running.urls["storefront"], people.token(running, "sam"))
        return running

    first = opened()
    guest = Guest(first)
    sku = Staff(first).list_product()
    guest.put(sku)
    order_id = guest.check_out(guest.wish(), new_key()).json()["order_id"]
    assert home.stop()

    again = opened()
    try:
        returning = Guest(again)
        returning.http.headers["Guest-Token"] = guest.http.headers["Guest-Token"]
        returning.sees(order_id)
        returning.put(sku, 5)
        second = returning.check_out(returning.wish(), new_key()).json()["order_id"]
        returning.sees(second)
        assert {order["order_id"] for order in returning.orders()} == {order_id, second}
    finally:
        home.stop()


def _reprice(staff: Staff, sku: str, amount: int) -> None:
    answer = staff.http.put(
        f"/staff/products/{sku}/price",
        json={"price": {"amount": amount, "currency": "GBP"}},
        headers={"If-Match": '"1"'},
    )
    assert answer.status_code == 200, answer.text
