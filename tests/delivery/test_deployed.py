"""The room as it is deployed: from the confirmed order to the customer's door, or back."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import Any

import httpx
import msgspec
import pytest

from local.shop import Running
from souk.delivery import carrier
from souk.delivery.domain import Verdict
from souk.delivery.store import ShipmentStore
from souk.delivery.usecases import dispatch
from souk.kernel.ids import new_id
from souk.payment.commands import VoidPayment
from tests.delivery.builders import a_label
from tests.deployed import ask, invoke, log
from tests.journeys.visitor import CONTACT, Guest, Staff, new_key, until

pytestmark = pytest.mark.cloud


@pytest.fixture
def staff(shop: Running) -> Staff:
    return Staff(shop)


@pytest.fixture
def guest(shop: Running) -> Guest:
    return Guest(shop)


def secret(shop: Running) -> str:
    """Read as its owner would."""
    manager = shop.session().client("secretsmanager")
    kept = manager.get_secret_value(SecretId=shop.outputs["CarrierSecret"])["SecretString"]
    made: str = json.loads(kept)["notice_secret"]
    return made


def notice(shop: Running, number: str, key: str, event: str = "delivered") -> httpx.Response:
    body = json.dumps({"tracking_number": number, "event": event}).encode()
    signature = carrier.sign(body, key, int(time.time()))
    url = f"{shop.urls['api']}/carriers/souk-post/notices"
    return httpx.post(url, content=body, headers={carrier.SIGNATURE: signature})


def confirmed(staff: Staff, guest: Guest, quantity: int = 1) -> tuple[str, str]:
    """An order and what it holds, once its shipment is there."""
    sku = staff.list_product(stock=10)
    guest.put(sku, quantity)
    order_id = guest.buys()
    assert guest.sees_decided(order_id)["status"] == "confirmed"
    until("the shipment", lambda: staff.http.get(f"/staff/shipments/{order_id}").is_success)
    return order_id, sku


def send(staff: Staff, order_id: str, number: str = "") -> httpx.Response:
    wish = {"carrier": "souk-post"} | ({"tracking_number": number} if number else {})
    return staff.http.post(f"/staff/shipments/{order_id}/dispatch", json=wish)


def ask_to_cancel(guest: Guest, order_id: str) -> httpx.Response:
    return guest.http.post(f"/guest/orders/{order_id}/cancellation")


def stands(guest: Guest, order_id: str, status: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        order = guest.order(order_id)
        return order if order and order["status"] == status else None

    found: dict[str, Any] = until(f"order {order_id} to be {status}", there)
    return found


def payment(shop: Running, order_id: str) -> dict[str, Any]:
    key = {"pk": {"S": f"PAYMENT#{order_id}"}, "sk": {"S": "HEAD"}}
    table = shop.outputs["PaymentTable"]
    found: dict[str, Any] = shop.session().client("dynamodb").get_item(TableName=table, Key=key)
    return {name: next(iter(value.values())) for name, value in found["Item"].items()}


def comes_to(
    shop: Running, staff: Staff, order_id: str, sku: str, expected: tuple[str, int]
) -> None:
    """How the order's money stands, and how many of its goods are free."""

    def there() -> bool:
        found = payment(shop, order_id)["status"], staff.stock(sku)["available"]
        return found == expected

    until(f"money and goods of {order_id} to be {expected}", there)


def test_a_confirmed_order_is_dispatched_and_delivered_each_once(
    shop: Running, staff: Staff, guest: Guest
) -> None:
    order_id, _ = confirmed(staff, guest)
    number = f"SP-{token_hex(6)}"

    early = notice(shop, number, secret(shop))
    sent, again = send(staff, order_id, number), send(staff, order_id, "SP-other")
    parcel = stands(guest, order_id, "dispatched")["parcel"]
    told = [notice(shop, number, secret(shop)) for _ in range(2)]
    delivered = stands(guest, order_id, "delivered")

    assert (early.status_code, early.headers["Retry-After"]) == (404, "60")
    assert (sent.status_code, sent.json()["state"]) == (200, "dispatched")
    assert again.json() == sent.json()
    assert (parcel["carrier"], parcel["tracking_number"]) == ("souk-post", number)
    assert [(each.status_code, each.json()) for each in told] == [(200, {"heeded": True})] * 2
    assert [step["status"] for step in delivered["history"]] == [
        "placed",
        "confirmed",
        "dispatched",
        "delivered",
    ]
    assert payment(shop, order_id)["status"] == "captured"


def test_staff_see_where_the_parcel_goes_and_nobody_logs_it(
    shop: Running, staff: Staff, guest: Guest
) -> None:
    order_id, _ = confirmed(staff, guest)

    seen = staff.http.get(f"/staff/shipments/{order_id}").json()

    assert seen["receiver"]["name"] == CONTACT["name"]
    assert seen["receiver"]["country"] == "GB"
    assert "Lovelace" not in log(shop, "DeliveryApi")


def test_unfinished_shipments_are_listed_by_state_page_by_page(staff: Staff, shop: Running) -> None:
    orders = [confirmed(staff, Guest(shop))[0] for _ in range(2)]

    shown, cursor = [], None
    while True:
        query = {"state": "ready", "limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = staff.http.get("/staff/shipments", params=query).json()
        shown += [each["order_id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    refused = staff.http.get("/staff/shipments", params={"state": "delivered"})

    assert [order for order in shown if order in orders] == orders
    assert shown == sorted(shown)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/state")


def test_a_cancelled_order_gives_goods_and_money_back(
    shop: Running, staff: Staff, guest: Guest
) -> None:
    order_id, sku = confirmed(staff, guest, 3)
    assert staff.stock(sku)["available"] == 7

    asked, again = ask_to_cancel(guest, order_id), ask_to_cancel(guest, order_id)
    cancelled = stands(guest, order_id, "cancelled")
    refused = send(staff, order_id)

    assert [asked.status_code, again.status_code] == [202, 202]
    assert cancelled["cancellation"]["outcome"] == "cancelled"
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/shipment-cancelled")
    until("the goods", lambda: staff.stock(sku)["available"] == 10)
    until("the money", lambda: payment(shop, order_id)["status"] == "voided")


def test_who_asks_after_the_parcel_left_is_told_so(
    shop: Running, staff: Staff, guest: Guest
) -> None:
    order_id, sku = confirmed(staff, guest)
    send(staff, order_id)
    stands(guest, order_id, "dispatched")

    late = ask_to_cancel(guest, order_id)

    assert late.status_code == 202
    assert late.json()["cancellation"]["outcome"] == "too-late"
    assert (staff.stock(sku)["available"], payment(shop, order_id)["status"]) == (9, "captured")


def test_an_order_asked_to_be_cancelled_while_it_is_placed_is_cancelled_in_the_end(
    shop: Running, staff: Staff, guest: Guest
) -> None:
    sku = staff.list_product(stock=5)
    guest.put(sku)
    order_id = guest.buys("tok_slow")
    guest.sees(order_id)

    assert ask_to_cancel(guest, order_id).status_code == 202

    stands(guest, order_id, "cancelled")
    until("the goods", lambda: staff.stock(sku)["available"] == 5)
    until("the money", lambda: payment(shop, order_id)["status"] == "voided")


@pytest.mark.timeout(240)
def test_when_cancelling_races_dispatch_one_of_them_wins_and_both_are_told_the_truth(
    shop: Running, staff: Staff
) -> None:
    races = 6
    guests = [Guest(shop) for _ in range(races)]
    orders = [confirmed(staff, guest) for guest in guests]

    def race(number: int) -> tuple[int, int]:
        order_id, _ = orders[number]
        with ThreadPoolExecutor(2) as hands:
            sent = hands.submit(send, staff, order_id)
            asked = hands.submit(ask_to_cancel, guests[number], order_id)
            return sent.result().status_code, asked.result().status_code

    with ThreadPoolExecutor(3) as racers:
        answers = list(racers.map(race, range(races)))

    for (sent, asked), guest, (order_id, sku) in zip(answers, guests, orders, strict=True):
        assert asked == 202
        status = "dispatched" if sent == 200 else "cancelled"
        order = stands(guest, order_id, status)
        outcome = {"dispatched": "too-late", "cancelled": "cancelled"}[status]
        assert order["cancellation"]["outcome"] == outcome
        money = {"dispatched": "captured", "cancelled": "voided"}[status]
        left = {"dispatched": 9, "cancelled": 10}[status]
        comes_to(shop, staff, order_id, sku, (money, left))


def test_a_shipment_whose_money_cannot_be_had_is_parked_and_then_the_wish_to_cancel_wins(
    shop: Running, staff: Staff, guest: Guest
) -> None:
    order_id, _ = confirmed(staff, guest)
    ask(shop, "Payment", VoidPayment(order_id=order_id))

    refused, again = send(staff, order_id), send(staff, order_id)
    parked = staff.http.get(f"/staff/shipments/{order_id}").json()
    ask_to_cancel(guest, order_id)

    assert [each.status_code for each in (refused, again)] == [409, 409]
    assert refused.json()["type"] == "/problems/not-captured"
    assert (parked["state"], parked["reason"]) == ("parked", "voided")
    stands(guest, order_id, "cancelled")


def test_a_shipment_left_without_payments_word_is_brought_to_its_end_by_the_clock(
    in_function: Running, staff: Staff, guest: Guest
) -> None:
    order_id, _ = confirmed(staff, guest)
    shipments = ShipmentStore(in_function.outputs["DeliveryTable"])

    def killed(_: str) -> Verdict:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dispatch(order_id, a_label(f"SP-{token_hex(6)}"), shipments=shipments, take=killed)
    invoke(in_function, "DeliveryReconciler", {})

    stands(guest, order_id, "dispatched")


def test_a_notice_that_is_not_the_carriers_is_refused(shop: Running) -> None:
    stranger = notice(shop, "SP-1", "guessed")
    unsigned = httpx.post(f"{shop.urls['api']}/carriers/souk-post/notices", content=b"{}")
    odd = notice(shop, "not a number", secret(shop))
    other = notice(shop, "SP-1", secret(shop), event="sorted")

    assert {each.status_code for each in (stranger, unsigned)} == {400}
    assert {each.json()["type"] for each in (stranger, unsigned)} == {"/problems/bad-signature"}
    assert odd.status_code == 422
    assert other.json() == {"heeded": False}


def test_an_address_no_option_serves_cannot_check_out_there(
    shop: Running, staff: Staff, guest: Guest
) -> None:
    option = f"only-fr-{token_hex(4)}"
    rate = {"country": "FR", "max_grams": 1000, "price": {"amount": 9900, "currency": "GBP"}}
    offered = {"option": option, "name": "France", "rates": [rate]}
    assert staff.http.post("/staff/shipping-options", json=offered).status_code == 201
    guest.put(staff.list_product())

    def known() -> bool:
        found = guest.http.get("/shipping-options?country=FR&weight_grams=900").json()["items"]
        return option in [each["option"] for each in found]

    until("the option", known)
    refused = guest.check_out(guest.wish() | {"shipping_option": option}, new_key())

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-served")
    assert "standard" in [each["option"] for each in refused.json()["options"]]


def test_shipments_are_for_staff(guest: Guest) -> None:
    path = f"/staff/shipments/{new_id()}"

    answers = [guest.http.get(path), guest.http.post(f"{path}/dispatch", json={})]

    assert {each.status_code for each in answers} == {401}
    assert msgspec.json.decode(answers[0].content) == {"message": "Unauthorized"}
