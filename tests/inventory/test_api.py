"""The staff API of stock: receipts and adjustments."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.inventory import handlers
from souk.inventory.usecases import reserve_stock
from souk.runtime import http
from tests.inventory.builders import lines
from tests.inventory.fakes import FakeInventory
from tests.kernel.builders import Response, send_request
from tests.kernel.logs import capture_log

call = partial(send_request, http.api_handler(handlers.ROUTES))
SAM = {"sub": "sam", "cognito:groups": "[staff]"}


@pytest.fixture(autouse=True)
def inventory(monkeypatch: pytest.MonkeyPatch) -> FakeInventory:
    fake = FakeInventory()
    monkeypatch.setattr(handlers, "inventory", lambda: fake)
    return fake


def post_receipt(body: Any, *, key: str = "key-1", sku: str = "LAMP", **options: Any) -> Response:
    return _post(f"/api/staff/stock/{sku}/receipts", body, key, **options)


def post_adjustment(body: Any, *, key: str = "key-2", sku: str = "LAMP") -> Response:
    return _post(f"/api/staff/stock/{sku}/adjustments", body, key)


def _post(path: str, body: Any, key: str, claims: dict[str, str] = SAM) -> Response:
    return call("POST", path, body=json.dumps(body), claims=claims, idempotency_key=key)


def received_and_available(inventory: FakeInventory, sku: str = "LAMP") -> tuple[int, int]:
    stock = inventory.load_movement(sku, "")[1]
    return stock.received, stock.available


def test_a_receipt_is_recorded_and_adds_to_the_stock(inventory: FakeInventory) -> None:
    response = post_receipt({"quantity": 12, "reference": "Monday delivery"})

    assert response.status == 201
    assert response.headers["Location"] == "/api/staff/stock/LAMP"
    assert response.body == {
        "sku": "LAMP",
        "type": "receipt",
        "quantity": 12,
        "note": "Monday delivery",
        "at": response.body["at"],
    }
    assert received_and_available(inventory) == (12, 12)


def test_a_repeated_receipt_is_recorded_once_and_returns_the_same_response(
    inventory: FakeInventory,
) -> None:
    first, second = post_receipt({"quantity": 12}), post_receipt({"quantity": 12})

    assert (second.status, second.body) == (201, first.body)
    assert received_and_available(inventory) == (12, 12)
    assert len(inventory.published) == 1


def test_concurrent_requests_with_one_key_are_recorded_once(inventory: FakeInventory) -> None:
    inventory.faults.concurrent_actions = [lambda: post_receipt({"quantity": 12})]

    assert post_receipt({"quantity": 12}).status == 201
    assert received_and_available(inventory) == (12, 12)


def test_a_key_cannot_be_reused_for_another_receipt(inventory: FakeInventory) -> None:
    post_receipt({"quantity": 12})

    response = post_receipt({"quantity": 13})

    assert (response.status, response.body["type"]) == (422, "/problems/idempotency-key-reused")
    assert received_and_available(inventory) == (12, 12)


def test_the_same_key_may_be_used_for_another_sku(inventory: FakeInventory) -> None:
    post_receipt({"quantity": 12})
    post_receipt({"quantity": 3}, sku="RUG")

    assert (
        received_and_available(inventory, "LAMP"),
        received_and_available(inventory, "RUG"),
    ) == ((12, 12), (3, 3))


def test_an_adjustment_corrects_the_stock_and_keeps_its_reason(inventory: FakeInventory) -> None:
    post_receipt({"quantity": 12})

    fewer = post_adjustment({"quantity": -2, "reason": "broken"})
    more = post_adjustment({"quantity": 1, "reason": "found behind the rugs"}, key="key-3")

    assert (fewer.status, more.status) == (201, 201)
    assert (fewer.body["type"], fewer.body["quantity"], fewer.body["note"]) == (
        *("adjustment", -2),
        "broken",
    )
    assert received_and_available(inventory) == (11, 11)


def test_reserved_stock_cannot_be_removed(inventory: FakeInventory) -> None:
    post_receipt({"quantity": 5})
    reserve_stock("o-1", lines(LAMP=3), holds=inventory)

    response = post_adjustment({"quantity": -3, "reason": "lost"})
    accepted = post_adjustment({"quantity": -2, "reason": "lost"})

    assert (response.status, response.body["type"]) == (409, "/problems/insufficient-stock")
    assert response.body["available"] == 2
    assert (accepted.status, received_and_available(inventory)) == (201, (3, 0))


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 1.5, "2", None])
def test_a_receipt_needs_a_quantity_within_limits(quantity: Any) -> None:
    response = post_receipt({"quantity": quantity})

    assert response.status == 422
    assert response.body["errors"][0]["pointer"] == "/quantity"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"quantity": 0, "reason": "none"}, "/quantity"),
        ({"quantity": 1}, ""),
        ({"quantity": 1, "reason": ""}, "/reason"),
        ({"quantity": 1, "reason": "two\nlines"}, "/reason"),
        ({"quantity": -1_000_001, "reason": "all"}, "/quantity"),
    ],
)
def test_an_adjustment_needs_a_quantity_and_a_reason(body: Any, pointer: str) -> None:
    response = post_adjustment(body)

    assert response.status == 422
    assert response.body["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("sku", ["-LAMP", "L" * 41, "LAMP~1"])
def test_a_receipt_for_an_invalid_sku_is_rejected(sku: str) -> None:
    response = post_receipt({"quantity": 1}, sku=sku)

    assert (response.status, response.body["errors"][0]["pointer"]) == (422, "/sku")


def test_a_receipt_needs_an_idempotency_key() -> None:
    response = post_receipt({"quantity": 1}, key="")

    assert (response.status, response.body["type"]) == (400, "/problems/invalid-header")


def test_customers_cannot_change_stock(inventory: FakeInventory) -> None:
    response = post_receipt({"quantity": 12}, claims={"sub": "ada", "cognito:groups": "[]"})

    assert response.status == 403
    assert received_and_available(inventory) == (0, 0)


def test_the_staff_account_is_stored_but_neither_returned_nor_logged(
    inventory: FakeInventory,
) -> None:
    with capture_log() as log:
        response = post_receipt({"quantity": 12})

    movement, _ = inventory.load_movement("LAMP", "key-1")
    assert movement is not None
    assert movement.staff == "customer-sam"
    assert "sam" not in json.dumps([response.body, log])
