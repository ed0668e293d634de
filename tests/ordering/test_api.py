"""Orders as their owners see them, and nobody else."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.edges import http
from souk.kernel.ids import new_id
from souk.ordering import handlers
from souk.ordering.domain import REASONS, SENTENCES, Entered, Rejection
from souk.ordering.usecases import refuse_order, reject_order
from tests.kernel.builders import GUEST_TOKEN, Response, answer_to
from tests.kernel.tables import twin
from tests.ordering.builders import ADA, BOB, a_line, an_order
from tests.ordering.fakes import FakeOrders, FakeRuns, StoredOrders

call = partial(answer_to, http.api(handlers.ROUTES))
ORDER = an_order(a_line("LAMP-1", quantity=2, price=1299), a_line("RUG-1", quantity=1, price=5000))


@pytest.fixture(autouse=True)
def orders(monkeypatch: pytest.MonkeyPatch) -> FakeOrders:
    fake = FakeOrders(ORDER)
    monkeypatch.setattr(handlers, "orders", lambda: fake)
    return fake


def as_ada(path: str, **named: Any) -> Response:
    return call(path=path, claims={"sub": "ada"}, **named)


def as_guest(path: str) -> Response:
    return call(path=path, guest_token=GUEST_TOKEN)


def test_an_order_tells_all_that_was_agreed() -> None:
    def pounds(amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": "GBP"}

    read = as_ada(f"/api/orders/{ORDER.order_id}")

    assert read.status == 200
    assert read.body == {
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


def test_a_rejected_order_says_why_in_a_sentence(orders: FakeOrders) -> None:
    rejection = Rejection(reason="out-of-stock", skus=["RUG-1"])
    refuse_order(ORDER.order_id, rejection, orders=orders)
    reject_order(ORDER.order_id, orders=orders)

    read = as_ada(f"/api/orders/{ORDER.order_id}").body

    assert read["status"] == "rejected"
    assert [step["status"] for step in read["history"]] == ["placed", "rejecting", "rejected"]
    assert read["rejection"] == {
        "reason": "out-of-stock",
        "says": "Of something in your order there was not enough left; you were not charged.",
        "skus": ["RUG-1"],
        "detail": None,
    }


def test_every_reason_has_a_sentence_for_the_customer() -> None:
    assert set(SENTENCES) == set(REASONS)


def test_a_stranger_cannot_tell_an_order_from_none() -> None:
    anothers = as_guest(f"/api/guest/orders/{ORDER.order_id}")
    missing = as_guest(f"/api/guest/orders/{(never := new_id())}")

    assert anothers.status == missing.status == 404
    assert anothers.body["detail"].replace(ORDER.order_id, never) == missing.body["detail"]
    assert anothers.body.keys() == missing.body.keys()


def test_a_wish_to_cancel_is_accepted_and_told_by_the_order(orders: FakeOrders) -> None:
    path = f"/api/orders/{ORDER.order_id}"
    asked = as_ada(f"{path}/cancellation", method="POST")
    again = as_ada(f"{path}/cancellation", method="POST")

    assert asked.status == 202
    assert asked.body["cancellation"]["outcome"] == "undecided"
    assert again.body == asked.body == as_ada(path).body


def test_nobody_cancels_what_is_anothers() -> None:
    asked = call(
        method="POST",
        path=f"/api/guest/orders/{ORDER.order_id}/cancellation",
        guest_token=GUEST_TOKEN,
    )

    assert asked.status == 404


def test_of_a_rejected_order_nothing_is_left_to_cancel(orders: FakeOrders) -> None:
    refuse_order(ORDER.order_id, Rejection(reason="out-of-stock"), orders=orders)

    asked = as_ada(f"/api/orders/{ORDER.order_id}/cancellation", method="POST")

    assert (asked.status, asked.body["type"]) == (409, "/problems/nothing-to-cancel")


def as_sam(path: str, **named: Any) -> Response:
    return call(path=path, claims={"sub": "sam", "cognito:groups": "[staff]"}, **named)


def test_staff_read_anybodys_order_and_whose_it_is() -> None:
    read = as_sam(f"/api/staff/orders/{ORDER.order_id}").body

    assert (read["owner"], read["contact_id"]) == (ADA, "contact-1")
    assert read["total"]["amount"] == 8093


def cancel(reason: Any, *, groups: str = "[staff]") -> Response:
    claims = {"sub": "sam", "cognito:groups": groups}
    path = f"/api/staff/orders/{ORDER.order_id}/cancel"
    return call("POST", path, body=json.dumps({"reason": reason}), claims=claims)


def test_staff_cancel_with_a_reason_that_the_customer_reads() -> None:
    asked = cancel("The lamp arrived broken")
    again = cancel("Another reason")

    read = as_ada(f"/api/orders/{ORDER.order_id}").body
    assert asked.status == 202
    assert read["cancellation"] == asked.body["cancellation"] == again.body["cancellation"]
    assert read["cancellation"]["reason"] == "The lamp arrived broken"
    assert read["cancellation"]["outcome"] == "undecided"


@pytest.mark.parametrize("reason", ["", "x" * 201, "two\nlines", None])
def test_staff_cancel_for_a_reason_or_not_at_all(reason: str | None, orders: FakeOrders) -> None:
    asked = cancel(reason)

    assert (asked.status, asked.body["errors"][0]["pointer"]) == (422, "/reason")
    assert orders.said == []


def test_cancelling_anothers_order_is_for_staff(orders: FakeOrders) -> None:
    assert cancel("Mine", groups="[]").status == 403
    assert orders.said == []


def test_staff_see_how_far_the_workflow_got_in_its_last_run(
    orders: FakeOrders, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = FakeRuns()
    monkeypatch.setattr(handlers, "runs", lambda: runs)
    orders.save(orders.standing(ORDER.order_id).run_again(), None)
    runs.states[ORDER.order_id, 0] = [Entered("Begin", "2026-11-23T12:00:00.000Z")]
    runs.states[ORDER.order_id, 1] = [Entered("Begin", "2026-11-23T12:05:00.000Z")]
    path = f"/api/staff/orders/{ORDER.order_id}/workflow"

    read = as_sam(path)

    assert read.body == {
        "order_id": ORDER.order_id,
        "items": [{"state": "Begin", "at": "2026-11-23T12:05:00.000Z"}],
    }
    assert as_ada(path).status == 403
    assert as_sam(f"/api/staff/orders/{new_id()}/workflow").status == 404


def test_a_list_of_orders_is_for_staff() -> None:
    assert as_ada("/api/staff/orders").status == 403


def test_a_status_there_is_not_is_named() -> None:
    asked = as_sam("/api/staff/orders", query={"status": "lost"})

    assert (asked.status, asked.body["errors"][0]["pointer"]) == (400, "/status")


@pytest.mark.cloud
def test_staff_list_orders_as_they_stand_now(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = request.getfixturevalue("in_function")
    placed = [an_order(owner=ADA), an_order(owner=BOB), an_order(owner=ADA)]
    with twin(shop.outputs["OrderingTable"]) as table:
        stored = StoredOrders(table)
        monkeypatch.setattr(handlers, "orders", lambda: stored)
        for order in placed:
            stored.add(order, order.placed())
        stored.save(*stored.standing(placed[0].order_id).confirm("2026-11-24T12:00:00.000Z"))

        first = as_sam("/api/staff/orders", query={"status": "placed", "limit": "1"}).body
        query = {"status": "placed", "limit": "1", "cursor": first["next"]}
        rest = as_sam("/api/staff/orders", query=query).body
        confirmed = as_sam("/api/staff/orders").body

    shown = [order["order_id"] for page in (first, rest) for order in page["items"]]
    assert shown == sorted((order.order_id for order in placed[1:]), reverse=True)
    assert [(each["order_id"], each["owner"]) for each in confirmed["items"]] == [
        (placed[0].order_id, ADA)
    ]


@pytest.mark.cloud
def test_a_list_is_followed_by_its_cursor(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = request.getfixturevalue("in_function")
    mine = [an_order(owner=ADA) for _ in range(3)]
    with twin(shop.outputs["OrderingTable"]) as table:
        stored = StoredOrders(table)
        monkeypatch.setattr(handlers, "orders", lambda: stored)
        for order in mine:
            stored.add(order, order.placed())

        first = as_ada("/api/orders", query={"limit": "2"}).body
        rest = as_ada("/api/orders", query={"limit": "2", "cursor": first["next"]}).body

    shown = [order["order_id"] for page in (first, rest) for order in page["items"]]
    assert shown == sorted((order.order_id for order in mine), reverse=True)
    assert rest["next"] is None
    assert first["items"][0]["line_count"] == 1
