"""Orders are cancelled before dispatch, or returned after delivery, in the whole shop."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from cli.audit import AwsShop, audit
from local.cloud import STACK
from local.shop import RunningShop
from souk.delivery.carrier import SIGNATURE_HEADER, sign
from souk.payment.domain import Payment, PaymentStatus
from souk.payment.store import PaymentStore
from tests.journeys.visitor import Guest, Staff, new_key, wait_until

pytestmark = pytest.mark.cloud

PRICE, QUANTITY = 1999, 3


def place_confirmed_order(shop: RunningShop, sku: str) -> tuple[Guest, str]:
    """A guest with a confirmed order of three items. Returns the guest and the order id."""
    guest = Guest(shop)
    guest.put(sku, QUANTITY)
    order_id = guest.place_order()
    assert guest.wait_for_decision(order_id)["status"] == "confirmed"
    return guest, order_id


def deliver(shop: RunningShop, staff: Staff, order_id: str) -> None:
    """Staff dispatch the parcel, and the carrier reports its delivery."""
    path = f"/staff/shipments/{order_id}"
    wait_until("a shipment", lambda: staff.http.get(path).status_code == 200)
    dispatched = staff.http.post(f"{path}/dispatch", json={"carrier": "souk-post"})
    assert dispatched.status_code == 200, dispatched.text
    number = dispatched.json()["tracking_number"]
    body = json.dumps({"tracking_number": number, "event": "delivered"}).encode()
    secrets = shop.session().client("secretsmanager")
    secret = secrets.get_secret_value(SecretId=shop.outputs["CarrierSecret"])["SecretString"]
    signature = sign(body, json.loads(secret)["webhook_secret"], int(time.time()))
    received = staff.http.post(
        "/shipments/webhooks/souk-post", content=body, headers={SIGNATURE_HEADER: signature}
    )
    assert received.status_code == 200, received.text


def request_return(guest: Guest, order_id: str, sku: str, quantity: int) -> Any:
    return guest.http.post(
        f"/guest/orders/{order_id}/returns",
        json={"lines": [{"sku": sku, "quantity": quantity}]},
        headers={"Idempotency-Key": new_key()},
    )


def wait_for_status(guest: Guest, order_id: str, status: str) -> dict[str, Any]:
    def order_with_status() -> dict[str, Any] | None:
        order = guest.order(order_id)
        return order if order and order["status"] == status else None

    order: dict[str, Any] = wait_until(f"{order_id} to be {status}", order_with_status)
    return order


def read_payment(shop: RunningShop, order_id: str) -> Payment:
    payment = PaymentStore(shop.outputs["PaymentTable"]).get(order_id)
    assert payment
    return payment


def received_and_available(staff: Staff, sku: str) -> tuple[int, int]:
    stock = staff.stock(sku)
    return stock["received"], stock["available"]


def audit_findings(shop: RunningShop, order_id: str) -> list[str]:
    """What the audit finds about this order. Other tests damage other orders."""
    report = audit(AwsShop(shop.session(), STACK))
    findings = [*report.violations, *report.pending]
    return [finding.message for finding in findings if order_id in finding.ids.values()]


def test_a_delivered_order_is_returned_in_parts_and_refunded_to_the_penny(
    shop: RunningShop, lambda_env: RunningShop
) -> None:
    staff = Staff(shop)
    sku = staff.list_product(PRICE, stock=10)
    guest, order_id = place_confirmed_order(shop, sku)
    before_delivery = request_return(guest, order_id, sku, 1)
    deliver(shop, staff, order_id)
    total = wait_for_status(guest, order_id, "delivered")["total"]["amount"]

    first, second = (request_return(guest, order_id, sku, n).json() for n in (1, 2))
    beyond_quantity = request_return(guest, order_id, sku, 1)
    listed = staff.http.get("/staff/returns?limit=100").json()["items"]
    for accepted, restock in ((first, False), (second, True), (second, True)):
        response = staff.http.post(
            f"/staff/returns/{accepted['return_id']}/acceptance",
            json={"lines": [{"sku": sku, "restock": restock}]},
        )
        assert response.status_code == 200, response.text

    def refunded() -> list[dict[str, Any]] | None:
        path = f"/guest/orders/{order_id}/returns"
        returns: list[dict[str, Any]] = guest.http.get(path).json()["items"]
        return returns if all(each["status"] == "refunded" for each in returns) else None

    returns = wait_until("both refunds", refunded)

    assert before_delivery.json()["type"] == "/problems/order-not-delivered"
    assert beyond_quantity.json()["errors"][0]["pointer"] == "/lines/0/quantity"
    assert {first["return_id"], second["return_id"]} <= {each["return_id"] for each in listed}
    refunds = {each["return_id"]: each["refund"]["amount"] for each in returns}
    assert refunds == {
        first["return_id"]: PRICE,
        second["return_id"]: total - PRICE,  # the last return also refunds the shipping
    }
    assert read_payment(shop, order_id).refunds == refunds
    assert read_payment(shop, order_id).status is PaymentStatus.REFUNDED
    wait_until("the returned stock", lambda: received_and_available(staff, sku) == (9, 9))
    assert audit_findings(shop, order_id) == []


def test_an_order_cancelled_before_dispatch_releases_stock_and_payment(
    shop: RunningShop, lambda_env: RunningShop
) -> None:
    staff = Staff(shop)
    sku = staff.list_product(PRICE, stock=10)
    guest, order_id = place_confirmed_order(shop, sku)
    assert received_and_available(staff, sku) == (10, 7)

    for _ in range(2):
        response = guest.http.post(f"/guest/orders/{order_id}/cancellation")
        assert response.status_code == 202, response.text

    wait_for_status(guest, order_id, "cancelled")
    wait_until("the released stock", lambda: received_and_available(staff, sku) == (10, 10))
    wait_until(
        "the voided payment", lambda: read_payment(shop, order_id).status is PaymentStatus.VOIDED
    )
    assert audit_findings(shop, order_id) == []
