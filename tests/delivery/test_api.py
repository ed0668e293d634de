"""Delivery's routes for staff and carriers, and the reconciler."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from souk.basket.commands import Contact, ContactList, PostalAddress
from souk.delivery import carrier, handlers
from souk.delivery.domain import CaptureResult, CaptureUnknown, Shipment, ShipmentStatus
from souk.delivery.usecases import create_shipment, dispatch, request_cancellation
from souk.kernel.clock import now, timestamp
from souk.kernel.ids import new_id
from souk.payment.commands import Captured
from souk.runtime import http
from souk.runtime.invoke import CommandFailed
from tests.delivery.builders import ADA, a_label, a_shipment
from tests.delivery.fakes import FakePayment, FakeShipments, FakeShippingOptions
from tests.kernel.builders import Response, send_request
from tests.kernel.logs import capture_log

send = partial(send_request, http.api_handler(handlers.ROUTES))
ORDER = new_id()
SECRET = "of-the-carrier"
PRICE = {"amount": 795, "currency": "GBP"}
EXPRESS = {"name": "Express", "rates": [{"country": "GB", "max_grams": 2000, "price": PRICE}]}
CONTACTS = ContactList(
    contacts=[
        Contact(
            contact_id="contact-1",
            name="Ada Lovelace",
            email="ada@example.org",
            address=PostalAddress(line1="1 St James's Square", city="London", country="GB"),
        )
    ]
)


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch) -> FakeShippingOptions:
    fake = FakeShippingOptions()
    settings = handlers.DeliverySettings(table_name="table", currency="GBP")
    monkeypatch.setattr(handlers, "shipping_options", lambda: fake)
    monkeypatch.setattr(handlers, "settings", lambda: settings)
    return fake


@pytest.fixture(autouse=True)
def shipments(monkeypatch: pytest.MonkeyPatch) -> FakeShipments:
    fake = FakeShipments(a_shipment(ORDER))
    monkeypatch.setattr(handlers, "shipments", lambda: fake)
    monkeypatch.setattr(handlers, "webhook_secret", lambda: SECRET)
    monkeypatch.setenv("PAYMENT_COMMANDS", "payment")
    monkeypatch.setenv("BASKET_COMMANDS", "basket")
    return fake


class Services:
    """The other services. `results` are what their commands return or raise."""

    def __init__(self) -> None:
        self.results: dict[str, Any] = {"payment": Captured(status="captured"), "basket": CONTACTS}

    def __call__(self, function: str, command: object, result_type: type) -> Any:
        result = self.results[function]
        if isinstance(result, Exception):
            raise result
        assert isinstance(result, result_type)
        return result


@pytest.fixture(autouse=True)
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    services = Services()
    monkeypatch.setattr(handlers, "invoke", services)
    return services


def send_as_staff(method: str, path: str, body: Any = None, **headers: Any) -> Response:
    claims = {"sub": "sam", "cognito:groups": "[staff]"}
    text = None if body is None else json.dumps(body)
    return send(method, f"/api/staff{path}", body=text, claims=claims, **headers)


def send_dispatch(body: Any = None) -> Response:
    return send_as_staff("POST", f"/shipments/{ORDER}/dispatch", body or {})


# --- shipping options -------------------------------------------------------------------------


def test_a_shipping_option_is_created_read_and_updated_with_the_current_etag(
    options: FakeShippingOptions,
) -> None:
    created = send_as_staff("POST", "/shipping-options", {"id": "express"} | EXPRESS)
    read = send_as_staff("GET", "/shipping-options/express")
    change = EXPRESS | {"offered": False}
    updated = send_as_staff("PUT", "/shipping-options/express", change, **{"if-match": '"1"'})
    stale = send_as_staff("PUT", "/shipping-options/express", change, **{"if-match": '"1"'})
    without_etag = send_as_staff("PUT", "/shipping-options/express", change)

    assert (created.status, created.headers["ETag"]) == (201, '"1"')
    assert created.headers["Location"] == "/api/staff/shipping-options/express"
    assert read.body == created.body
    assert (updated.status, updated.body["offered"]) == (200, False)
    assert [stale.status, without_etag.status] == [412, 428]
    assert stale.body["version"] == 2
    assert [event.version for event in options.published] == [1, 2]  # type: ignore[attr-defined]
    assert send_as_staff("GET", "/shipping-options").body["items"] == [updated.body]


def test_a_shipping_option_id_is_used_once() -> None:
    body = {"id": "express"} | EXPRESS
    send_as_staff("POST", "/shipping-options", body)

    again = send_as_staff("POST", "/shipping-options", body)

    assert (again.status, again.body["type"]) == (409, "/problems/shipping-option-exists")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"id": "Two words"}, "/id"),
        ({"rates": []}, "/rates"),
        ({"rates": [{"country": "gb", "price": PRICE}]}, "/rates/0/country"),
        ({"rates": [{"country": "GB\n", "price": PRICE}]}, "/rates/0/country"),
        ({"rates": [{"country": "GB", "price": PRICE, "max_grams": 0}]}, "/rates/0/max_grams"),
        (
            {"rates": [{"country": "GB", "price": PRICE | {"amount": -1}}]},
            "/rates/0/price/amount",
        ),
        (
            {"rates": [{"country": "GB", "price": PRICE | {"currency": "EUR"}}]},
            "/rates/0/price/currency",
        ),
        ({"rates": [{"country": "*", "price": PRICE}] * 2}, "/rates/1"),
    ],
)
def test_an_invalid_shipping_option_is_rejected_with_the_field(
    wrong: dict[str, Any], pointer: str, options: FakeShippingOptions
) -> None:
    response = send_as_staff("POST", "/shipping-options", {"id": "express"} | EXPRESS | wrong)

    assert (response.status, response.body["errors"][0]["pointer"]) == (422, pointer)
    assert options.all() == []


def test_an_unknown_shipping_option_cannot_be_updated() -> None:
    response = send_as_staff("PUT", "/shipping-options/none", EXPRESS, **{"if-match": '"1"'})

    assert response.status == 404


# --- shipments --------------------------------------------------------------------------------


def test_a_shipment_shows_its_receiver_and_the_log_does_not(services: Services) -> None:
    with capture_log() as lines:
        read = send_as_staff("GET", f"/shipments/{ORDER}")

    assert read.body["status"] == "ready"
    assert read.body["receiver"] == {
        "name": "Ada Lovelace",
        "line1": "1 St James's Square",
        "city": "London",
        "country": "GB",
        "line2": None,
        "postcode": None,
    }
    assert "Lovelace" not in json.dumps(lines)


@pytest.mark.parametrize("result", [CommandFailed("GetContacts", "Busy"), ContactList(contacts=[])])
def test_a_shipment_without_a_known_receiver_is_still_readable(
    services: Services, result: object
) -> None:
    services.results["basket"] = result

    read = send_as_staff("GET", f"/shipments/{ORDER}")

    assert (read.status, read.body["receiver"]) == (200, None)


def test_a_parcel_dispatched_without_a_tracking_number_gets_one_of_the_shop(
    shipments: FakeShipments,
) -> None:
    response = send_dispatch()

    assert (response.status, response.body["status"]) == (200, "dispatched")
    assert response.body["carrier"] == "souk-post"
    assert response.body["tracking_number"] == f"SP-{ORDER.replace('-', '').upper()}"


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (Captured(status="failed", reason="card-expired"), "card-expired"),
        (Captured(status="voided"), "voided"),
    ],
)
def test_a_failed_capture_is_reported_with_its_reason(
    services: Services, result: Captured, reason: str
) -> None:
    services.results["payment"] = result

    response = send_dispatch()

    assert (response.status, response.body["type"]) == (409, "/problems/capture-failed")
    assert response.body["reason"] == reason
    assert send_as_staff("GET", f"/shipments/{ORDER}").body["status"] == "capture-failed"


def test_while_payment_does_not_respond_the_shipment_is_dispatching(services: Services) -> None:
    services.results["payment"] = CommandFailed("CapturePayment", "PaymentUnknown")
    first = send_dispatch()
    services.results["payment"] = Captured(status="captured")

    assert (first.status, first.body["status"]) == (200, "dispatching")
    assert send_dispatch().body["status"] == "dispatched"


def test_a_cancelled_shipment_is_not_dispatched(shipments: FakeShipments) -> None:
    request_cancellation(ORDER, ADA, shipments=shipments)

    response = send_dispatch()

    assert (response.status, response.body["type"]) == (409, "/problems/shipment-cancelled")


def test_a_shipment_cancelled_during_a_failing_capture_is_not_dispatched(
    services: Services, shipments: FakeShipments, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled_meanwhile(*_: object) -> Captured:
        request_cancellation(ORDER, ADA, shipments=shipments)
        return Captured(status="failed", reason="card-expired")

    monkeypatch.setattr(handlers, "invoke", cancelled_meanwhile)

    response = send_dispatch()

    assert (response.status, response.body["type"]) == (409, "/problems/shipment-cancelled")


@pytest.mark.parametrize("body", [{"carrier": "A Carrier"}, {"tracking_number": "a b"}])
def test_an_invalid_label_is_rejected_with_the_field(body: dict[str, str]) -> None:
    response = send_dispatch(body)

    assert response.status == 422
    assert response.body["errors"][0]["pointer"] == f"/{next(iter(body))}"


def test_only_staff_read_shipments() -> None:
    customer = send("GET", f"/api/staff/shipments/{ORDER}", claims={"sub": "ada"})

    assert customer.status == 403


# --- carrier webhooks -------------------------------------------------------------------------


def send_webhook(
    number: str, *, secret: str = SECRET, event: str = "delivered", age_seconds: int = 0
) -> Response:
    body = json.dumps({"tracking_number": number, "event": event})
    signature = carrier.sign(body.encode(), secret, int(time.time()) - age_seconds)
    path = "/api/shipments/webhooks/souk-post"
    return send("POST", path, body=body, **{carrier.SIGNATURE_HEADER: signature})


def test_a_repeated_webhook_records_the_delivery_once(shipments: FakeShipments) -> None:
    send_dispatch({"tracking_number": "SP-1"})

    responses = [send_webhook("SP-1"), send_webhook("SP-1")]

    assert [(each.status, each.body) for each in responses] == [(200, {"handled": True})] * 2
    shipment = shipments.get(ORDER)
    assert shipment
    assert shipment.status is ShipmentStatus.DELIVERED


@pytest.mark.parametrize(
    "send_invalid",
    [
        lambda: send_webhook("SP-1", secret="guessed"),
        lambda: send_webhook("SP-1", age_seconds=301),
        lambda: send("POST", "/api/shipments/webhooks/souk-post", body="{}"),
    ],
)
def test_a_webhook_with_a_wrong_old_or_missing_signature_is_rejected(send_invalid: Any) -> None:
    send_dispatch({"tracking_number": "SP-1"})

    response = send_invalid()

    assert (response.status, response.body["type"]) == (400, "/problems/bad-signature")


def test_a_webhook_that_arrives_before_the_dispatch_is_to_be_retried() -> None:
    early = send_webhook("SP-1")
    send_dispatch({"tracking_number": "SP-1"})

    assert (early.status, early.body["type"]) == (404, "/problems/parcel-not-found")
    assert early.headers["Retry-After"] == "60"
    assert send_webhook("SP-1").status == 200


def test_a_webhook_of_another_event_is_ignored(shipments: FakeShipments) -> None:
    before = shipments.get(ORDER)

    assert send_webhook("SP-1", event="sorted").body == {"handled": False}
    assert shipments.get(ORDER) == before


def test_a_signed_webhook_with_an_invalid_body_is_rejected() -> None:
    assert send_webhook("not a number").status == 422


# --- reconciler -------------------------------------------------------------------------------


def a_dispatching_shipment(shipments: FakeShipments) -> str:
    """Its capture result is unknown. Returns the order id."""
    order_id = new_id()
    create_shipment(order_id, ADA, "contact-1", shipments=shipments)
    with pytest.raises(CaptureUnknown):
        dispatch(order_id, a_label(order_id), shipments=shipments, capture=FakePayment(None))
    return order_id


def test_the_reconciler_completes_every_dispatching_shipment(shipments: FakeShipments) -> None:
    order_ids = [a_dispatching_shipment(shipments) for _ in range(3)]

    handlers.complete_dispatches(is_out_of_time=lambda: False)

    statuses = [_stored(shipments, order_id).status for order_id in order_ids]
    assert statuses == [ShipmentStatus.DISPATCHED] * 3


def test_the_reconciler_fails_for_an_overdue_shipment_but_not_for_a_recent_one(
    shipments: FakeShipments, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.results["payment"] = CommandFailed("CapturePayment", "PaymentUnknown")
    a_dispatching_shipment(shipments)

    handlers.complete_dispatches(is_out_of_time=lambda: False)

    later = now() + handlers.OVERDUE_AGE + timedelta(seconds=1)
    monkeypatch.setattr(handlers, "now", lambda: later)
    with pytest.raises(handlers.DispatchesOverdue, match="1 shipments"):
        handlers.complete_dispatches(is_out_of_time=lambda: False)
    assert timestamp(later)


def test_a_shipment_that_fails_does_not_block_the_others(
    shipments: FakeShipments, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = a_dispatching_shipment(shipments), a_dispatching_shipment(shipments)

    def capture(order_id: str) -> CaptureResult:
        if order_id == broken:
            raise RuntimeError("a defect")
        return CaptureResult(captured=True)

    monkeypatch.setattr(handlers, "_capture_payment", capture)

    with pytest.raises(handlers.DispatchesOverdue):
        handlers.complete_dispatches(is_out_of_time=lambda: False)

    assert _stored(shipments, sound).status is ShipmentStatus.DISPATCHED


def test_the_reconciler_starts_no_shipment_when_it_is_out_of_time(
    shipments: FakeShipments,
) -> None:
    order_id = a_dispatching_shipment(shipments)

    handlers.complete_dispatches(is_out_of_time=lambda: True)

    assert _stored(shipments, order_id).status is ShipmentStatus.DISPATCHING


def _stored(shipments: FakeShipments, order_id: str) -> Shipment:
    shipment = shipments.get(order_id)
    assert shipment
    return shipment
