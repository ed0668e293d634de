"""The return routes of customers and staff."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.kernel.ids import new_id
from souk.kernel.money import Money
from souk.ordering import handlers, return_handlers, return_usecases
from souk.payment.events import PaymentRefunded
from souk.runtime import http
from tests.kernel.builders import GUEST_TOKEN, Response, send_request
from tests.ordering.fakes import FakeOrders
from tests.ordering.return_fakes import FakeReturns
from tests.ordering.test_returns import DELIVERED_AT, LINES, a_delivered_order

call = partial(send_request, http.api_handler(handlers.ROUTES))
ORDER = a_delivered_order(*LINES)
PATH = f"/api/orders/{ORDER.order_id}/returns"
ONE_LAMP = {"lines": [{"sku": "LAMP", "quantity": 1}]}


@pytest.fixture(autouse=True)
def returns(monkeypatch: pytest.MonkeyPatch) -> FakeReturns:
    fake = FakeReturns()
    monkeypatch.setattr(return_handlers, "returns", lambda: fake)
    monkeypatch.setattr(return_handlers, "orders", lambda: FakeOrders(ORDER))
    monkeypatch.setattr(return_usecases, "now", lambda: DELIVERED_AT)
    return fake


def request_return(
    body: Any = ONE_LAMP, *, sub: str = "ada", key: str = "", path: str = PATH
) -> Response:
    return call(
        "POST",
        path,
        body=json.dumps(body),
        claims={"sub": sub},
        idempotency_key=key or new_id(),
    )


def as_staff(method: str, path: str, body: Any = None, **options: Any) -> Response:
    claims = {"sub": "sam", "cognito:groups": "[staff]"}
    text = None if body is None else json.dumps(body)
    return call(method, f"/api/staff{path}", body=text, claims=claims, **options)


def test_a_customer_requests_a_return_and_sees_its_status() -> None:
    requested = request_return({**ONE_LAMP, "reason": "does not fit"})
    listed = call("GET", PATH, claims={"sub": "ada"})

    assert (requested.status, requested.headers["Location"]) == (201, PATH)
    assert requested.body == {
        "return_id": requested.body["return_id"],
        "order_id": ORDER.order_id,
        "status": "requested",
        "lines": [{"sku": "LAMP", "quantity": 1, "restock": None}],
        "reason": "does not fit",
        "refund": None,
        "shipping": None,
        "rejection_reason": None,
        "requested_at": "2026-11-24T12:00:00.000Z",
        "decided_at": None,
        "refunded_at": None,
    }
    assert listed.body == {"items": [requested.body]}


def test_another_owners_order_looks_like_an_unknown_order() -> None:
    for response in (
        request_return(sub="bob"),
        call("GET", PATH, claims={"sub": "bob"}),
        call("GET", PATH.replace("/api/", "/api/guest/"), guest_token=GUEST_TOKEN),
    ):
        assert (response.status, response.body["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"lines": []}, "/lines"),
        ({"lines": [{"sku": "LAMP"}]}, "/lines/0"),
        ({"lines": [{"sku": "LAMP", "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"sku": "SOFA", "quantity": 1}]}, "/lines/0/sku"),
        ({"lines": [{"sku": "LAMP", "quantity": 4}]}, "/lines/0/quantity"),
        ({**ONE_LAMP, "reason": "two\nlines"}, "/reason"),
        ({**ONE_LAMP, "refund": 1_000_000}, ""),
    ],
)
def test_an_invalid_return_request_is_rejected_with_the_field(body: Any, pointer: str) -> None:
    response = request_return(body)

    assert response.status == 422
    assert response.body["errors"][0]["pointer"] == pointer


def test_the_idempotency_key_is_required_and_bound_to_one_body() -> None:
    missing = call("POST", PATH, body=json.dumps(ONE_LAMP), claims={"sub": "ada"})
    first, repeated = request_return(key="k"), request_return(key="k")
    other = request_return({"lines": [{"sku": "LAMP", "quantity": 2}]}, key="k")

    assert (missing.status, missing.body["errors"][0]["pointer"]) == (400, "/Idempotency-Key")
    assert first.body == repeated.body
    assert (other.status, other.body["type"]) == (422, "/problems/idempotency-key-reused")


def test_staff_list_the_returns_of_any_order() -> None:
    requested = request_return().body

    assert as_staff("GET", f"/orders/{ORDER.order_id}/returns").body == {"items": [requested]}
    assert as_staff("GET", f"/orders/{new_id()}/returns").body == {"items": []}


def test_staff_accept_a_return_and_its_refund_is_recorded(returns: FakeReturns) -> None:
    return_id = request_return().body["return_id"]
    body = {"lines": [{"sku": "LAMP", "restock": True}]}

    accepted = as_staff("POST", f"/returns/{return_id}/acceptance", body)
    repeated = as_staff("POST", f"/returns/{return_id}/acceptance", body)
    refund = {"amount": 1299, "currency": "GBP"}
    event = PaymentRefunded(order_id=ORDER.order_id, refund_id=return_id, amount=Money(1299, "GBP"))
    for _ in range(2):
        handlers.SUBSCRIPTIONS[PaymentRefunded](event)

    assert (accepted.status, accepted.body["status"], accepted.body["refund"]) == (
        200,
        "accepted",
        refund,
    )
    assert repeated.body == accepted.body
    assert as_staff("GET", f"/returns/{return_id}").body["status"] == "refunded"
    assert len(returns.published) == 1


def test_staff_reject_a_return_with_a_reason() -> None:
    return_id = request_return().body["return_id"]

    rejected = as_staff("POST", f"/returns/{return_id}/rejection", {"reason": "it was used"})
    late = as_staff(
        "POST",
        f"/returns/{return_id}/acceptance",
        {"lines": [{"sku": "LAMP", "restock": True}]},
    )

    assert (rejected.body["status"], rejected.body["rejection_reason"]) == (
        "rejected",
        "it was used",
    )
    assert (late.status, late.body["type"]) == (409, "/problems/return-already-decided")
    assert (late.body["status"], late.body["decision"]) == (409, "rejected")
    assert call("GET", PATH, claims={"sub": "ada"}).body["items"] == [rejected.body]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/orders/some/returns", None),
        ("GET", "/returns", None),
        ("GET", "/returns/some", None),
        ("POST", "/returns/some/acceptance", {"lines": [{"sku": "LAMP", "restock": True}]}),
        ("POST", "/returns/some/rejection", {"reason": "no"}),
    ],
)
def test_only_staff_decide_on_returns(method: str, path: str, body: Any) -> None:
    text = None if body is None else json.dumps(body)

    response = call(method, f"/api/staff{path}", body=text, claims={"sub": "ada"})

    assert response.status == 403


def test_only_open_statuses_can_be_listed() -> None:
    response = as_staff("GET", "/returns", query={"status": "rejected"})

    assert (response.status, response.body["errors"][0]["pointer"]) == (400, "/status")


def test_an_unknown_return_is_not_found() -> None:
    assert as_staff("GET", f"/returns/{new_id()}").status == 404
