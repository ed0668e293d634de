"""The way back, over HTTP: cancelled before it leaves, or sent back after it arrived."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from cli.audit import AwsShop, audit
from local.cloud import STACK
from local.shop import Running
from souk.delivery.carrier import SIGNATURE, sign
from souk.payment.domain import Payment, Status
from souk.payment.store import PaymentStore
from tests.journeys.visitor import Guest, Staff, new_key, until

pytestmark = pytest.mark.cloud

PRICE, BOUGHT = 1999, 3


def bought(shop: Running, sku: str) -> tuple[Guest, str]:
    """A guest whose order of three pieces is confirmed."""
    guest = Guest(shop)
    guest.put(sku, BOUGHT)
    order_id = guest.buys()
    assert guest.sees_decided(order_id)["status"] == "confirmed"
    return guest, order_id


def delivered(shop: Running, staff: Staff, order_id: str) -> None:
    """Staff send the parcel, and the carrier says that it was handed over."""
    where = f"/staff/shipments/{order_id}"
    until("a shipment", lambda: staff.http.get(where).status_code == 200)
    sent = staff.http.post(f"{where}/dispatch", json={"carrier": "souk-post"})
    assert sent.status_code == 200, sent.text
    number = sent.json()["tracking_number"]
    body = json.dumps({"tracking_number": number, "event": "delivered"}).encode()
    kept = shop.session().client("secretsmanager")
    secret = kept.get_secret_value(SecretId=shop.outputs["CarrierSecret"])["SecretString"]
    signature = sign(body, json.loads(secret)["notice_secret"], int(time.time()))
    told = staff.http.post(
        "/carriers/souk-post/notices", content=body, headers={SIGNATURE: signature}
    )
    assert told.status_code == 200, told.text


def sends_back(guest: Guest, order_id: str, sku: str, quantity: int) -> Any:
    return guest.http.post(
        f"/guest/orders/{order_id}/returns",
        json={"lines": [{"sku": sku, "quantity": quantity}]},
        headers={"Idempotency-Key": new_key()},
    )


def becomes(guest: Guest, order_id: str, status: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        order = guest.order(order_id)
        return order if order and order["status"] == status else None

    found: dict[str, Any] = until(f"{order_id} to be {status}", there)
    return found


def payment(shop: Running, order_id: str) -> Payment:
    found = PaymentStore(shop.outputs["PaymentTable"]).get(order_id)
    assert found
    return found


def free(staff: Staff, sku: str) -> tuple[int, int]:
    stock = staff.stock(sku)
    return stock["received"], stock["available"]


def differences(shop: Running, order_id: str) -> list[str]:
    """What an audit finds broken about this order; other tests of the shop break things."""
    report = audit(AwsShop(shop.session(), STACK))
    found = [*report.violations, *report.pending]
    return [each.says for each in found if order_id in each.ids.values()]


def test_a_delivered_order_is_sent_back_in_parts_to_the_penny(
    shop: Running, in_function: Running
) -> None:
    staff = Staff(shop)
    sku = staff.list_product(PRICE, stock=10)
    guest, order_id = bought(shop, sku)
    early = sends_back(guest, order_id, sku, 1)
    delivered(shop, staff, order_id)
    total = becomes(guest, order_id, "delivered")["total"]["amount"]

    first, second = (sends_back(guest, order_id, sku, n).json() for n in (1, 2))
    too_much = sends_back(guest, order_id, sku, 1)
    open_ones = staff.http.get("/staff/returns?limit=100").json()["items"]
    for back, restock in ((first, False), (second, True), (second, True)):
        answer = staff.http.post(
            f"/staff/returns/{back['return_id']}/acceptance",
            json={"lines": [{"sku": sku, "restock": restock}]},
        )
        assert answer.status_code == 200, answer.text

    def refunded() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = guest.http.get(f"/guest/orders/{order_id}/returns").json()[
            "items"
        ]
        return found if all(back["status"] == "refunded" for back in found) else None

    returns = until("both refunds", refunded)

    assert early.json()["type"] == "/problems/not-delivered"
    assert too_much.json()["errors"][0]["pointer"] == "/lines/0/quantity"
    assert {first["return_id"], second["return_id"]} <= {each["return_id"] for each in open_ones}
    worth = {back["return_id"]: back["refund"]["amount"] for back in returns}
    assert worth == {
        first["return_id"]: PRICE,
        second["return_id"]: total - PRICE,  # with it all has come back: shipping, too
    }
    assert payment(shop, order_id).refunds == worth
    assert payment(shop, order_id).status is Status.REFUNDED
    until("all goods", lambda: free(staff, sku) == (9, 9))
    assert differences(shop, order_id) == []


def test_an_order_cancelled_in_time_gives_goods_and_money_back(
    shop: Running, in_function: Running
) -> None:
    staff = Staff(shop)
    sku = staff.list_product(PRICE, stock=10)
    guest, order_id = bought(shop, sku)
    assert free(staff, sku) == (10, 7)

    for _ in range(2):
        asked = guest.http.post(f"/guest/orders/{order_id}/cancellation")
        assert asked.status_code == 202, asked.text

    becomes(guest, order_id, "cancelled")
    until("the goods", lambda: free(staff, sku) == (10, 10))
    until("the money", lambda: payment(shop, order_id).status is Status.VOIDED)
    assert differences(shop, order_id) == []
