"""Stock as staff see and change it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from souk.edges import http
from souk.inventory import handlers
from souk.inventory.usecases import reserve_stock
from tests.inventory.builders import lines
from tests.inventory.fakes import FakeInventory
from tests.kernel.builders import Response, answer_to
from tests.kernel.logs import logged

call = partial(answer_to, http.api(handlers.ROUTES))
SAM = {"sub": "sam", "cognito:groups": "[staff]"}


@pytest.fixture(autouse=True)
def inventory(monkeypatch: pytest.MonkeyPatch) -> FakeInventory:
    fake = FakeInventory()
    monkeypatch.setattr(handlers, "inventory", lambda: fake)
    return fake


def receipt(body: Any, *, key: str = "key-1", sku: str = "LAMP", **given: Any) -> Response:
    return _post(f"/api/staff/stock/{sku}/receipts", body, key, **given)


def adjustment(body: Any, *, key: str = "key-2", sku: str = "LAMP") -> Response:
    return _post(f"/api/staff/stock/{sku}/adjustments", body, key)


def _post(path: str, body: Any, key: str, claims: dict[str, str] = SAM) -> Response:
    return call("POST", path, body=json.dumps(body), claims=claims, idempotency_key=key)


def stock(inventory: FakeInventory, sku: str = "LAMP") -> tuple[int, int]:
    found = inventory.move_and_stock(sku, "")[1]
    return found.received, found.available


def test_goods_that_came_are_booked(inventory: FakeInventory) -> None:
    booked = receipt({"quantity": 12, "reference": "van of Monday"})

    assert booked.status == 201
    assert booked.headers["Location"] == "/api/staff/stock/LAMP"
    assert booked.body == {
        "sku": "LAMP",
        "kind": "receipt",
        "by": 12,
        "note": "van of Monday",
        "at": booked.body["at"],
    }
    assert stock(inventory) == (12, 12)


def test_a_receipt_clicked_twice_is_booked_once_and_answered_the_same(
    inventory: FakeInventory,
) -> None:
    first, second = receipt({"quantity": 12}), receipt({"quantity": 12})

    assert (second.status, second.body) == (201, first.body)
    assert stock(inventory) == (12, 12)
    assert len(inventory.said) == 1


def test_two_clicks_at_the_same_moment_are_booked_once(inventory: FakeInventory) -> None:
    inventory.trouble.meanwhile = [lambda: receipt({"quantity": 12})]

    assert receipt({"quantity": 12}).status == 201
    assert stock(inventory) == (12, 12)


def test_a_key_is_not_used_for_another_receipt(inventory: FakeInventory) -> None:
    receipt({"quantity": 12})

    refused = receipt({"quantity": 13})

    assert (refused.status, refused.body["type"]) == (422, "/problems/idempotency-key-reused")
    assert stock(inventory) == (12, 12)


def test_a_key_belongs_to_its_sku(inventory: FakeInventory) -> None:
    receipt({"quantity": 12})
    receipt({"quantity": 3}, sku="RUG")

    assert (stock(inventory, "LAMP"), stock(inventory, "RUG")) == ((12, 12), (3, 3))


def test_a_count_is_put_right_with_a_reason(inventory: FakeInventory) -> None:
    receipt({"quantity": 12})

    fewer = adjustment({"by": -2, "reason": "broken"})
    more = adjustment({"by": 1, "reason": "found behind the rugs"}, key="key-3")

    assert (fewer.status, more.status) == (201, 201)
    assert (fewer.body["kind"], fewer.body["by"], fewer.body["note"]) == (
        *("adjustment", -2),
        "broken",
    )
    assert stock(inventory) == (11, 11)


def test_what_is_held_cannot_be_adjusted_away(inventory: FakeInventory) -> None:
    receipt({"quantity": 5})
    reserve_stock("o-1", lines(LAMP=3), holds=inventory)

    refused = adjustment({"by": -3, "reason": "lost"})
    taken = adjustment({"by": -2, "reason": "lost"})

    assert (refused.status, refused.body["type"]) == (409, "/problems/not-enough-free")
    assert refused.body["available"] == 2
    assert (taken.status, stock(inventory)) == (201, (3, 0))


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 1.5, "2", None])
def test_a_receipt_brings_something(quantity: Any) -> None:
    refused = receipt({"quantity": quantity})

    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == "/quantity"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"by": 0, "reason": "none"}, "/by"),
        ({"by": 1}, ""),
        ({"by": 1, "reason": ""}, "/reason"),
        ({"by": 1, "reason": "two\nlines"}, "/reason"),
        ({"by": -1_000_001, "reason": "all"}, "/by"),
    ],
)
def test_an_adjustment_says_how_many_and_why(body: Any, pointer: str) -> None:
    refused = adjustment(body)

    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("sku", ["-LAMP", "L" * 41, "LAMP~1"])
def test_nothing_is_received_of_what_cannot_be_a_sku(sku: str) -> None:
    refused = receipt({"quantity": 1}, sku=sku)

    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/sku")


def test_a_move_needs_a_key() -> None:
    refused = receipt({"quantity": 1}, key="")

    assert (refused.status, refused.body["type"]) == (400, "/problems/invalid-header")


def test_customers_change_no_stock(inventory: FakeInventory) -> None:
    refused = receipt({"quantity": 12}, claims={"sub": "ada", "cognito:groups": "[]"})

    assert refused.status == 403
    assert stock(inventory) == (0, 0)


def test_who_moved_stock_is_kept_but_not_told(inventory: FakeInventory) -> None:
    with logged() as log:
        booked = receipt({"quantity": 12})

    move, _ = inventory.move_and_stock("LAMP", "key-1")
    assert move is not None
    assert move.staff == "customer-sam"
    assert "sam" not in json.dumps([booked.body, log])
