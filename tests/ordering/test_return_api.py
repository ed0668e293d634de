"""Returns over HTTP: what customers and staff may send, and what they are answered."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.edges import http
from souk.kernel.ids import new_id
from souk.kernel.money import Money
from souk.ordering import handlers, return_handlers, returning
from souk.payment.events import PaymentRefunded
from tests.kernel.builders import GUEST_TOKEN, Response, answer_to
from tests.ordering.fakes import FakeOrders
from tests.ordering.return_fakes import FakeReturns
from tests.ordering.test_returns import ARRIVED, LINES, delivered

call = partial(answer_to, http.api(handlers.ROUTES))
ORDER = delivered(*LINES)
PATH = f"/api/orders/{ORDER.order_id}/returns"
ONE_LAMP = {"lines": [{"sku": "LAMP", "quantity": 1}]}


@pytest.fixture(autouse=True)
def returns(monkeypatch: pytest.MonkeyPatch) -> FakeReturns:
    fake = FakeReturns()
    monkeypatch.setattr(return_handlers, "returns", lambda: fake)
    monkeypatch.setattr(return_handlers, "orders", lambda: FakeOrders(ORDER))
    monkeypatch.setattr(returning, "now", lambda: ARRIVED)
    return fake


def ask(body: Any = ONE_LAMP, *, sub: str = "ada", key: str = "", path: str = PATH) -> Response:
    return call(
        "POST",
        path,
        body=json.dumps(body),
        claims={"sub": sub},
        idempotency_key=key or new_id(),
    )


def staff(method: str, path: str, body: Any = None, **named: Any) -> Response:
    claims = {"sub": "sam", "cognito:groups": "[staff]"}
    text = None if body is None else json.dumps(body)
    return call(method, f"/api/staff{path}", body=text, claims=claims, **named)


def test_a_customer_asks_and_sees_what_becomes_of_it() -> None:
    asked = ask({**ONE_LAMP, "reason": "does not fit"})
    listed = call("GET", PATH, claims={"sub": "ada"})

    assert (asked.status, asked.headers["Location"]) == (201, PATH)
    assert asked.body == {
        "return_id": asked.body["return_id"],
        "order_id": ORDER.order_id,
        "status": "requested",
        "lines": [{"sku": "LAMP", "quantity": 1, "restock": None}],
        "reason": "does not fit",
        "refund": None,
        "shipping": None,
        "refusal": None,
        "requested_at": "2026-11-24T12:00:00.000Z",
        "decided_at": None,
        "refunded_at": None,
    }
    assert listed.body == {"items": [asked.body]}


def test_a_stranger_cannot_tell_an_order_from_none() -> None:
    for answer in (
        ask(sub="bob"),
        call("GET", PATH, claims={"sub": "bob"}),
        call("GET", PATH.replace("/api/", "/api/guest/"), guest_token=GUEST_TOKEN),
    ):
        assert (answer.status, answer.body["type"]) == (404, "/problems/not-found")


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
def test_a_return_that_does_not_fit_is_refused_by_field(body: Any, pointer: str) -> None:
    answer = ask(body)

    assert answer.status == 422
    assert answer.body["errors"][0]["pointer"] == pointer


def test_the_key_is_needed_and_is_of_one_body() -> None:
    missing = call("POST", PATH, body=json.dumps(ONE_LAMP), claims={"sub": "ada"})
    first, again = ask(key="k"), ask(key="k")
    other = ask({"lines": [{"sku": "LAMP", "quantity": 2}]}, key="k")

    assert (missing.status, missing.body["errors"][0]["pointer"]) == (400, "/Idempotency-Key")
    assert first.body == again.body
    assert (other.status, other.body["type"]) == (422, "/problems/idempotency-key-reused")


def test_staff_see_what_of_an_order_comes_back() -> None:
    asked = ask().body

    assert staff("GET", f"/orders/{ORDER.order_id}/returns").body == {"items": [asked]}
    assert staff("GET", f"/orders/{new_id()}/returns").body == {"items": []}


def test_staff_accept_a_return_and_its_refund_is_heard(returns: FakeReturns) -> None:
    return_id = ask().body["return_id"]
    body = {"lines": [{"sku": "LAMP", "restock": True}]}

    accepted = staff("POST", f"/returns/{return_id}/acceptance", body)
    again = staff("POST", f"/returns/{return_id}/acceptance", body)
    refund = {"amount": 1299, "currency": "GBP"}
    fact = PaymentRefunded(order_id=ORDER.order_id, refund_id=return_id, amount=Money(1299, "GBP"))
    for _ in range(2):
        handlers.HEARS[PaymentRefunded](fact)

    assert (accepted.status, accepted.body["status"], accepted.body["refund"]) == (
        200,
        "accepted",
        refund,
    )
    assert again.body == accepted.body
    assert staff("GET", f"/returns/{return_id}").body["status"] == "refunded"
    assert len(returns.said) == 1


def test_staff_refuse_a_return_with_a_reason() -> None:
    return_id = ask().body["return_id"]

    refused = staff("POST", f"/returns/{return_id}/refusal", {"reason": "it was used"})
    late = staff(
        "POST",
        f"/returns/{return_id}/acceptance",
        {"lines": [{"sku": "LAMP", "restock": True}]},
    )

    assert (refused.body["status"], refused.body["refusal"]) == ("refused", "it was used")
    assert (late.status, late.body["type"]) == (409, "/problems/return-decided")
    assert (late.body["status"], late.body["decided"]) == (409, "refused")
    assert call("GET", PATH, claims={"sub": "ada"}).body["items"] == [refused.body]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/orders/some/returns", None),
        ("GET", "/returns", None),
        ("GET", "/returns/some", None),
        ("POST", "/returns/some/acceptance", {"lines": [{"sku": "LAMP", "restock": True}]}),
        ("POST", "/returns/some/refusal", {"reason": "no"}),
    ],
)
def test_only_staff_decide(method: str, path: str, body: Any) -> None:
    text = None if body is None else json.dumps(body)

    answer = call(method, f"/api/staff{path}", body=text, claims={"sub": "ada"})

    assert answer.status == 403


def test_what_returns_await_is_one_of_two() -> None:
    answer = staff("GET", "/returns", query={"awaits": "spring"})

    assert (answer.status, answer.body["errors"][0]["pointer"]) == (400, "/awaits")


def test_a_return_that_is_none_is_not_found() -> None:
    assert staff("GET", f"/returns/{new_id()}").status == 404
