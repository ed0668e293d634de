"""The deployed service: from the confirmed order to delivery or cancellation."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import Any

import httpx
import msgspec
import pytest

from local.shop import RunningShop
from souk.delivery import carrier
from souk.delivery.domain import CaptureResult
from souk.delivery.store import ShipmentStore
from souk.delivery.usecases import dispatch
from souk.kernel.ids import new_id
from souk.payment.commands import VoidPayment
from tests.delivery.builders import a_label
from tests.deployed import invoke_command, invoke_function, read_log
from tests.journeys.visitor import CONTACT, Guest, Staff, new_key, wait_until

pytestmark = pytest.mark.cloud


@pytest.fixture
def staff(shop: RunningShop) -> Staff:
    return Staff(shop)


@pytest.fixture
def guest(shop: RunningShop) -> Guest:
    return Guest(shop)


def read_secret(shop: RunningShop) -> str:
    """The carriers' secret, read with the rights of the account's owner."""
    manager = shop.session().client("secretsmanager")
    response = manager.get_secret_value(SecretId=shop.outputs["CarrierSecret"])
    secret: str = json.loads(response["SecretString"])["webhook_secret"]
    return secret


def send_webhook(
    shop: RunningShop, number: str, secret: str, event: str = "delivered"
) -> httpx.Response:
    body = json.dumps({"tracking_number": number, "event": event}).encode()
    signature = carrier.sign(body, secret, int(time.time()))
    url = f"{shop.urls['api']}/shipments/webhooks/souk-post"
    return httpx.post(url, content=body, headers={carrier.SIGNATURE_HEADER: signature})


def a_confirmed_order(staff: Staff, guest: Guest, quantity: int = 1) -> tuple[str, str]:
    """Order id and SKU, after the shipment was created. Its product has 10 in stock."""
    sku = staff.list_product(stock=10)
    guest.put(sku, quantity)
    order_id = guest.place_order()
    assert guest.wait_for_decision(order_id)["status"] == "confirmed"
    wait_until("the shipment", lambda: staff.http.get(f"/staff/shipments/{order_id}").is_success)
    return order_id, sku


def send_dispatch(staff: Staff, order_id: str, number: str = "") -> httpx.Response:
    body = {"carrier": "souk-post"} | ({"tracking_number": number} if number else {})
    return staff.http.post(f"/staff/shipments/{order_id}/dispatch", json=body)


def request_cancellation(guest: Guest, order_id: str) -> httpx.Response:
    return guest.http.post(f"/guest/orders/{order_id}/cancellation")


def wait_for_status(guest: Guest, order_id: str, status: str) -> dict[str, Any]:
    def order_in_status() -> dict[str, Any] | None:
        order = guest.order(order_id)
        return order if order and order["status"] == status else None

    found: dict[str, Any] = wait_until(f"order {order_id} to be {status}", order_in_status)
    return found


def payment(shop: RunningShop, order_id: str) -> dict[str, Any]:
    key = {"pk": {"S": f"PAYMENT#{order_id}"}, "sk": {"S": "HEAD"}}
    table = shop.outputs["PaymentTable"]
    found: dict[str, Any] = shop.session().client("dynamodb").get_item(TableName=table, Key=key)
    return {name: next(iter(value.values())) for name, value in found["Item"].items()}


def wait_for_payment_and_stock(
    shop: RunningShop, staff: Staff, order_id: str, sku: str, expected: tuple[str, int]
) -> None:
    """Waits for the expected payment status and available quantity."""

    def has_both() -> bool:
        found = payment(shop, order_id)["status"], staff.stock(sku)["available"]
        return found == expected

    wait_until(f"payment and stock of {order_id} to be {expected}", has_both)


def test_a_confirmed_order_is_dispatched_and_delivered_once(
    shop: RunningShop, staff: Staff, guest: Guest
) -> None:
    order_id, _ = a_confirmed_order(staff, guest)
    number = f"SP-{token_hex(6)}"

    early = send_webhook(shop, number, read_secret(shop))
    first = send_dispatch(staff, order_id, number)
    second = send_dispatch(staff, order_id, "SP-other")
    parcel = wait_for_status(guest, order_id, "dispatched")["parcel"]
    webhooks = [send_webhook(shop, number, read_secret(shop)) for _ in range(2)]
    delivered = wait_for_status(guest, order_id, "delivered")

    assert (early.status_code, early.headers["Retry-After"]) == (404, "60")
    assert (first.status_code, first.json()["status"]) == (200, "dispatched")
    assert second.json() == first.json()
    assert (parcel["carrier"], parcel["tracking_number"]) == ("souk-post", number)
    assert [(each.status_code, each.json()) for each in webhooks] == [(200, {"handled": True})] * 2
    assert [step["status"] for step in delivered["history"]] == [
        "placed",
        "confirmed",
        "dispatched",
        "delivered",
    ]
    assert payment(shop, order_id)["status"] == "captured"


def test_staff_see_the_receiver_and_no_log_contains_it(
    shop: RunningShop, staff: Staff, guest: Guest
) -> None:
    order_id, _ = a_confirmed_order(staff, guest)

    shipment = staff.http.get(f"/staff/shipments/{order_id}").json()

    assert shipment["receiver"]["name"] == CONTACT["name"]
    assert shipment["receiver"]["country"] == "GB"
    assert "Lovelace" not in read_log(shop, "DeliveryApi")


def test_open_shipments_are_listed_by_status_page_by_page(staff: Staff, shop: RunningShop) -> None:
    orders = [a_confirmed_order(staff, Guest(shop))[0] for _ in range(2)]

    listed, cursor = [], None
    while True:
        query = {"status": "ready", "limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = staff.http.get("/staff/shipments", params=query).json()
        listed += [each["order_id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    invalid = staff.http.get("/staff/shipments", params={"status": "delivered"})

    assert [order for order in listed if order in orders] == orders
    assert listed == sorted(listed)
    assert (invalid.status_code, invalid.json()["errors"][0]["pointer"]) == (400, "/status")


def test_a_cancelled_order_releases_its_stock_and_its_payment(
    shop: RunningShop, staff: Staff, guest: Guest
) -> None:
    order_id, sku = a_confirmed_order(staff, guest, 3)
    assert staff.stock(sku)["available"] == 7

    first, second = request_cancellation(guest, order_id), request_cancellation(guest, order_id)
    cancelled = wait_for_status(guest, order_id, "cancelled")
    late_dispatch = send_dispatch(staff, order_id)

    assert [first.status_code, second.status_code] == [202, 202]
    assert cancelled["cancellation"]["outcome"] == "cancelled"
    assert late_dispatch.status_code == 409
    assert late_dispatch.json()["type"] == "/problems/shipment-cancelled"
    wait_until("the stock", lambda: staff.stock(sku)["available"] == 10)
    wait_until("the payment", lambda: payment(shop, order_id)["status"] == "voided")


def test_a_cancellation_after_dispatch_is_too_late(
    shop: RunningShop, staff: Staff, guest: Guest
) -> None:
    order_id, sku = a_confirmed_order(staff, guest)
    send_dispatch(staff, order_id)
    wait_for_status(guest, order_id, "dispatched")

    late = request_cancellation(guest, order_id)

    assert late.status_code == 202
    assert late.json()["cancellation"]["outcome"] == "too-late"
    assert (staff.stock(sku)["available"], payment(shop, order_id)["status"]) == (9, "captured")


def test_an_order_whose_cancellation_is_requested_while_it_is_placed_is_cancelled(
    shop: RunningShop, staff: Staff, guest: Guest
) -> None:
    sku = staff.list_product(stock=5)
    guest.put(sku)
    order_id = guest.place_order("tok_slow")
    guest.wait_for_order(order_id)

    assert request_cancellation(guest, order_id).status_code == 202

    wait_for_status(guest, order_id, "cancelled")
    wait_until("the stock", lambda: staff.stock(sku)["available"] == 5)
    wait_until("the payment", lambda: payment(shop, order_id)["status"] == "voided")


@pytest.mark.timeout(240)
def test_when_cancellation_and_dispatch_race_one_wins_and_both_see_the_outcome(
    shop: RunningShop, staff: Staff
) -> None:
    races = 6
    guests = [Guest(shop) for _ in range(races)]
    orders = [a_confirmed_order(staff, guest) for guest in guests]

    def race(number: int) -> tuple[int, int]:
        order_id, _ = orders[number]
        with ThreadPoolExecutor(2) as pool:
            dispatched = pool.submit(send_dispatch, staff, order_id)
            cancelled = pool.submit(request_cancellation, guests[number], order_id)
            return dispatched.result().status_code, cancelled.result().status_code

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(race, range(races)))

    for (dispatch_code, cancel_code), guest, (order_id, sku) in zip(
        results, guests, orders, strict=True
    ):
        assert cancel_code == 202
        status = "dispatched" if dispatch_code == 200 else "cancelled"
        order = wait_for_status(guest, order_id, status)
        outcome = {"dispatched": "too-late", "cancelled": "cancelled"}[status]
        assert order["cancellation"]["outcome"] == outcome
        payment_status = {"dispatched": "captured", "cancelled": "voided"}[status]
        available = {"dispatched": 9, "cancelled": 10}[status]
        wait_for_payment_and_stock(shop, staff, order_id, sku, (payment_status, available))


def test_an_order_whose_capture_failed_can_still_be_cancelled(
    shop: RunningShop, staff: Staff, guest: Guest
) -> None:
    order_id, _ = a_confirmed_order(staff, guest)
    invoke_command(shop, "Payment", VoidPayment(order_id=order_id))

    first, second = send_dispatch(staff, order_id), send_dispatch(staff, order_id)
    shipment = staff.http.get(f"/staff/shipments/{order_id}").json()
    request_cancellation(guest, order_id)

    assert [each.status_code for each in (first, second)] == [409, 409]
    assert first.json()["type"] == "/problems/capture-failed"
    assert (shipment["status"], shipment["reason"]) == ("capture-failed", "voided")
    wait_for_status(guest, order_id, "cancelled")


def test_the_reconciler_completes_a_dispatch_whose_capture_result_is_unknown(
    lambda_env: RunningShop, staff: Staff, guest: Guest
) -> None:
    order_id, _ = a_confirmed_order(staff, guest)
    shipments = ShipmentStore(lambda_env.outputs["DeliveryTable"])

    def killed(_: str) -> CaptureResult:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dispatch(order_id, a_label(f"SP-{token_hex(6)}"), shipments=shipments, capture=killed)
    invoke_function(lambda_env, "DeliveryReconciler", {})

    wait_for_status(guest, order_id, "dispatched")


def test_only_signed_and_valid_webhooks_are_accepted(shop: RunningShop) -> None:
    forged = send_webhook(shop, "SP-1", "guessed")
    unsigned = httpx.post(f"{shop.urls['api']}/shipments/webhooks/souk-post", content=b"{}")
    invalid = send_webhook(shop, "not a number", read_secret(shop))
    other_event = send_webhook(shop, "SP-1", read_secret(shop), event="sorted")

    assert {each.status_code for each in (forged, unsigned)} == {400}
    assert {each.json()["type"] for each in (forged, unsigned)} == {"/problems/bad-signature"}
    assert invalid.status_code == 422
    assert other_event.json() == {"handled": False}


def test_a_shipping_option_that_does_not_serve_the_address_is_refused_at_checkout(
    shop: RunningShop, staff: Staff, guest: Guest
) -> None:
    option_id = f"only-fr-{token_hex(4)}"
    rate = {"country": "FR", "max_grams": 1000, "price": {"amount": 9900, "currency": "GBP"}}
    body = {"id": option_id, "name": "France", "rates": [rate]}
    assert staff.http.post("/staff/shipping-options", json=body).status_code == 201
    guest.put(staff.list_product())

    def is_listed() -> bool:
        found = guest.http.get("/shipping-options?country=FR&weight_grams=900").json()["items"]
        return option_id in [each["id"] for each in found]

    wait_until("the option", is_listed)
    request = guest.checkout_request() | {"shipping_option": option_id}
    refused = guest.check_out(request, new_key())

    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/shipping-option-unavailable"
    assert "standard" in [each["id"] for each in refused.json()["options"]]


def test_only_staff_read_and_dispatch_shipments(guest: Guest) -> None:
    path = f"/staff/shipments/{new_id()}"

    responses = [guest.http.get(path), guest.http.post(f"{path}/dispatch", json={})]

    assert {each.status_code for each in responses} == {401}
    assert msgspec.json.decode(responses[0].content) == {"message": "Unauthorized"}
