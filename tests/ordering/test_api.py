"""The order routes of customers, guests and staff."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.kernel.ids import new_id
from souk.ordering import handlers
from souk.ordering.domain import (
    REJECTION_MESSAGES,
    REJECTION_REASONS,
    Rejection,
    WorkflowStep,
)
from souk.ordering.usecases import reject_order, start_rejection
from souk.runtime import http
from tests.kernel.builders import GUEST_TOKEN, Response, send_request
from tests.kernel.tables import temporary_table
from tests.ordering.builders import ADA, BOB, a_line, an_order
from tests.ordering.fakes import FakeOrders, FakeWorkflow, StoredOrders

call = partial(send_request, http.api_handler(handlers.ROUTES))
ORDER = an_order(a_line("LAMP-1", quantity=2, price=1299), a_line("RUG-1", quantity=1, price=5000))


@pytest.fixture(autouse=True)
def orders(monkeypatch: pytest.MonkeyPatch) -> FakeOrders:
    fake = FakeOrders(ORDER)
    monkeypatch.setattr(handlers, "orders", lambda: fake)
    return fake


def as_ada(path: str, **options: Any) -> Response:
    return call(path=path, claims={"sub": "ada"}, **options)


def as_guest(path: str) -> Response:
    return call(path=path, guest_token=GUEST_TOKEN)


def test_an_order_shows_all_that_was_agreed() -> None:
    def pounds(amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": "GBP"}

    response = as_ada(f"/api/orders/{ORDER.order_id}")

    assert response.status == 200
    assert response.body == {
        "order_id": ORDER.order_id,
        "status": "placed",
        "lines": [
            {
                "sku": "LAMP-1",
                "name": "Name of LAMP-1",
                "quantity": 2,
                "unit_price": pounds(1299),
                "line_total": pounds(2598),
            },
            {
                "sku": "RUG-1",
                "name": "Name of RUG-1",
                "quantity": 1,
                "unit_price": pounds(5000),
                "line_total": pounds(5000),
            },
        ],
        "subtotal": pounds(7598),
        "shipping_option": "standard",
        "shipping": pounds(495),
        "total": pounds(8093),
        "placed_at": ORDER.placed_at,
        "rejection": None,
        "cancellation": None,
        "parcel": None,
        "history": [{"status": "placed", "at": ORDER.placed_at}],
    }


def test_a_rejected_order_shows_the_reason_and_a_message(orders: FakeOrders) -> None:
    rejection = Rejection(reason="out-of-stock", skus=["RUG-1"])
    start_rejection(ORDER.order_id, rejection, orders=orders)
    reject_order(ORDER.order_id, orders=orders)

    order = as_ada(f"/api/orders/{ORDER.order_id}").body

    assert order["status"] == "rejected"
    assert [change["status"] for change in order["history"]] == [
        "placed",
        "rejecting",
        "rejected",
    ]
    assert order["rejection"] == {
        "reason": "out-of-stock",
        "message": "Some items are out of stock. You were not charged.",
        "skus": ["RUG-1"],
        "detail": None,
    }


def test_every_rejection_reason_has_a_message_for_the_customer() -> None:
    assert set(REJECTION_MESSAGES) == set(REJECTION_REASONS)


def test_another_owners_order_looks_like_an_unknown_order() -> None:
    of_another_owner = as_guest(f"/api/guest/orders/{ORDER.order_id}")
    unknown = as_guest(f"/api/guest/orders/{(unknown_id := new_id())}")

    assert of_another_owner.status == unknown.status == 404
    detail = of_another_owner.body["detail"]
    assert detail.replace(ORDER.order_id, unknown_id) == unknown.body["detail"]
    assert of_another_owner.body.keys() == unknown.body.keys()


def test_a_cancellation_request_is_accepted_and_shown_on_the_order(orders: FakeOrders) -> None:
    path = f"/api/orders/{ORDER.order_id}"
    first = as_ada(f"{path}/cancellation", method="POST")
    repeated = as_ada(f"{path}/cancellation", method="POST")

    assert first.status == 202
    assert first.body["cancellation"]["outcome"] == "undecided"
    assert repeated.body == first.body == as_ada(path).body


def test_another_owners_order_cannot_be_cancelled() -> None:
    response = call(
        method="POST",
        path=f"/api/guest/orders/{ORDER.order_id}/cancellation",
        guest_token=GUEST_TOKEN,
    )

    assert response.status == 404


def test_a_rejected_order_cannot_be_cancelled(orders: FakeOrders) -> None:
    start_rejection(ORDER.order_id, Rejection(reason="out-of-stock"), orders=orders)

    response = as_ada(f"/api/orders/{ORDER.order_id}/cancellation", method="POST")

    assert (response.status, response.body["type"]) == (409, "/problems/order-not-cancellable")


def as_sam(path: str, **options: Any) -> Response:
    return call(path=path, claims={"sub": "sam", "cognito:groups": "[staff]"}, **options)


def test_staff_read_any_order_with_its_owner() -> None:
    order = as_sam(f"/api/staff/orders/{ORDER.order_id}").body

    assert (order["owner"], order["contact_id"]) == (ADA, "contact-1")
    assert order["total"]["amount"] == 8093


def staff_cancel(reason: Any, *, groups: str = "[staff]") -> Response:
    claims = {"sub": "sam", "cognito:groups": groups}
    path = f"/api/staff/orders/{ORDER.order_id}/cancellation"
    return call("POST", path, body=json.dumps({"reason": reason}), claims=claims)


def test_staff_cancel_with_a_reason_that_the_customer_reads() -> None:
    first = staff_cancel("The lamp arrived broken")
    repeated = staff_cancel("Another reason")

    order = as_ada(f"/api/orders/{ORDER.order_id}").body
    assert first.status == 202
    assert order["cancellation"] == first.body["cancellation"] == repeated.body["cancellation"]
    assert order["cancellation"]["reason"] == "The lamp arrived broken"
    assert order["cancellation"]["outcome"] == "undecided"


@pytest.mark.parametrize("reason", ["", "x" * 201, "two\nlines", None])
def test_staff_cannot_cancel_without_a_valid_reason(reason: str | None, orders: FakeOrders) -> None:
    response = staff_cancel(reason)

    assert (response.status, response.body["errors"][0]["pointer"]) == (422, "/reason")
    assert orders.published == []


def test_only_staff_cancel_orders_of_others(orders: FakeOrders) -> None:
    assert staff_cancel("Mine", groups="[]").status == 403
    assert orders.published == []


def test_staff_see_the_steps_of_the_latest_workflow_execution(
    orders: FakeOrders, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow = FakeWorkflow()
    monkeypatch.setattr(handlers, "workflow", lambda: workflow)
    orders.save(orders.get_head(ORDER.order_id).next_execution(), None)
    workflow.steps[ORDER.order_id, 0] = [WorkflowStep("StartCheckout", "2026-11-23T12:00:00.000Z")]
    workflow.steps[ORDER.order_id, 1] = [WorkflowStep("StartCheckout", "2026-11-23T12:05:00.000Z")]
    path = f"/api/staff/orders/{ORDER.order_id}/workflow"

    response = as_sam(path)

    assert response.body == {
        "order_id": ORDER.order_id,
        "items": [{"state": "StartCheckout", "at": "2026-11-23T12:05:00.000Z"}],
    }
    assert as_ada(path).status == 403
    assert as_sam(f"/api/staff/orders/{new_id()}/workflow").status == 404


def test_the_list_of_all_orders_is_for_staff_only() -> None:
    assert as_ada("/api/staff/orders").status == 403


def test_an_unknown_status_is_rejected() -> None:
    response = as_sam("/api/staff/orders", query={"status": "lost"})

    assert (response.status, response.body["errors"][0]["pointer"]) == (400, "/status")


@pytest.mark.cloud
def test_staff_list_orders_by_their_current_status(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = request.getfixturevalue("lambda_env")
    placed = [an_order(owner=ADA), an_order(owner=BOB), an_order(owner=ADA)]
    with temporary_table(shop.outputs["OrderingTable"]) as table:
        stored = StoredOrders(table)
        monkeypatch.setattr(handlers, "orders", lambda: stored)
        for order in placed:
            stored.add(order, order.placed_event())
        stored.save(*stored.get_head(placed[0].order_id).confirm("2026-11-24T12:00:00.000Z"))

        first = as_sam("/api/staff/orders", query={"status": "placed", "limit": "1"}).body
        query = {"status": "placed", "limit": "1", "cursor": first["next"]}
        rest = as_sam("/api/staff/orders", query=query).body
        confirmed = as_sam("/api/staff/orders").body

    listed = [order["order_id"] for page in (first, rest) for order in page["items"]]
    assert listed == sorted((order.order_id for order in placed[1:]), reverse=True)
    assert [(order["order_id"], order["owner"]) for order in confirmed["items"]] == [
        (placed[0].order_id, ADA)
    ]


@pytest.mark.cloud
def test_a_list_continues_at_its_cursor(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = request.getfixturevalue("lambda_env")
    own = [an_order(owner=ADA) for _ in range(3)]
    with temporary_table(shop.outputs["OrderingTable"]) as table:
        stored = StoredOrders(table)
        monkeypatch.setattr(handlers, "orders", lambda: stored)
        for order in own:
            stored.add(order, order.placed_event())

        first = as_ada("/api/orders", query={"limit": "2"}).body
        rest = as_ada("/api/orders", query={"limit": "2", "cursor": first["next"]}).body

    listed = [order["order_id"] for page in (first, rest) for order in page["items"]]
    assert listed == sorted((order.order_id for order in own), reverse=True)
    assert rest["next"] is None
    assert first["items"][0]["line_count"] == 1
