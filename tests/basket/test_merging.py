"""A guest's basket is merged into the customer's at sign-in: completely, and only once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from souk.basket import handlers
from souk.basket.domain import MAX_LINES, MAX_QUANTITY, BasketFull
from souk.basket.usecases import MERGE_BATCH_LINES, get_basket, merge_baskets, set_quantity
from souk.kernel.errors import Busy, ConcurrentUpdate
from souk.runtime import http
from tests.basket.builders import ADA, BOB, a_basket_head, a_line, an_offer
from tests.basket.fakes import FakeBaskets, StoredBaskets, quantities
from tests.kernel.builders import GUEST_TOKEN, Response, send_request
from tests.kernel.tables import temporary_table

SKUS = [f"SKU-{number:04}" for number in range(MAX_LINES + 1)]
Baskets = FakeBaskets | StoredBaskets


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def baskets(request: pytest.FixtureRequest) -> Iterator[Baskets]:
    if request.param == "in memory":
        yield FakeBaskets()
        return
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["BasketTable"]) as table:
        yield StoredBaskets(table)


def baskets_offering(*skus: str) -> FakeBaskets:
    """Empty baskets; these SKUs are for sale."""
    return FakeBaskets(*(an_offer(sku) for sku in skus))


def set_quantities(baskets: FakeBaskets, owner: str, **by_sku: int) -> None:
    """The SKUs are written with underscores: LAMP_1=2."""
    for name, quantity in by_sku.items():
        set_quantity(owner, name.replace("_", "-"), quantity, baskets=baskets)


def test_a_merge_moves_the_guests_lines_to_the_customer() -> None:
    baskets = baskets_offering("LAMP-1", "RUG-1")
    set_quantities(baskets, BOB, LAMP_1=2, RUG_1=1)

    merged = merge_baskets(BOB, ADA, baskets=baskets)

    assert [(each.line.sku, each.line.quantity) for each in merged.lines] == [
        ("LAMP-1", 2),
        ("RUG-1", 1),
    ]
    assert merged.head is not None
    assert merged.head.line_count == 2
    assert quantities(baskets, BOB) == {}


def test_quantities_of_a_product_in_both_baskets_are_added_up() -> None:
    baskets = baskets_offering("LAMP-1", "RUG-1")
    set_quantities(baskets, ADA, LAMP_1=1, RUG_1=1)
    set_quantities(baskets, BOB, LAMP_1=2)

    merged = merge_baskets(BOB, ADA, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": 3, "RUG-1": 1}
    assert merged.head is not None
    assert merged.head.line_count == 2


def test_merging_twice_moves_nothing_twice() -> None:
    baskets = baskets_offering("LAMP-1")
    set_quantities(baskets, BOB, LAMP_1=2)

    merge_baskets(BOB, ADA, baskets=baskets)
    merge_baskets(BOB, ADA, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": 2}


def test_two_tabs_that_merge_at_once_move_the_lines_once() -> None:
    baskets = baskets_offering("LAMP-1")
    set_quantities(baskets, BOB, LAMP_1=2)
    baskets.concurrent_requests = [lambda: merge_baskets(BOB, ADA, baskets=baskets)]

    merge_baskets(BOB, ADA, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": 2}


def test_a_line_added_during_a_merge_is_merged_too() -> None:
    baskets = baskets_offering("LAMP-1", "RUG-1")
    set_quantities(baskets, BOB, LAMP_1=2)
    baskets.concurrent_requests = [
        lambda: set_quantities(baskets, BOB, RUG_1=1),
        lambda: set_quantities(baskets, ADA, RUG_1=4),
    ]

    merge_baskets(BOB, ADA, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": 2, "RUG-1": 5}


def test_merging_an_empty_guest_basket_changes_nothing() -> None:
    baskets = baskets_offering("LAMP-1")
    set_quantities(baskets, ADA, LAMP_1=1)
    before = get_basket(ADA, baskets=baskets)

    assert merge_baskets(BOB, ADA, baskets=baskets) == before


def test_a_basket_larger_than_one_batch_is_merged_completely() -> None:
    skus = SKUS[: 2 * MERGE_BATCH_LINES + 1]
    baskets = baskets_offering(*skus)
    for sku in skus:
        set_quantity(BOB, sku, 1, baskets=baskets)

    merge_baskets(BOB, ADA, baskets=baskets)

    assert quantities(baskets) == dict.fromkeys(skus, 1)
    assert quantities(baskets, BOB) == {}


def test_a_merge_beyond_the_line_limit_is_refused_and_moves_nothing() -> None:
    baskets = baskets_offering(*SKUS)
    for sku in SKUS[1:]:
        set_quantity(ADA, sku, 1, baskets=baskets)
    set_quantity(BOB, SKUS[0], 1, baskets=baskets)

    with pytest.raises(BasketFull):
        merge_baskets(BOB, ADA, baskets=baskets)

    assert quantities(baskets, BOB) == {SKUS[0]: 1}


def test_a_merged_quantity_stays_within_the_limit() -> None:
    baskets = baskets_offering("LAMP-1")
    set_quantities(baskets, ADA, LAMP_1=MAX_QUANTITY)
    set_quantities(baskets, BOB, LAMP_1=2)

    merge_baskets(BOB, ADA, baskets=baskets)

    assert quantities(baskets) == {"LAMP-1": MAX_QUANTITY}


def test_a_merge_fails_as_busy_when_the_basket_keeps_changing() -> None:
    baskets = baskets_offering("LAMP-1")
    set_quantities(baskets, BOB, LAMP_1=1)
    baskets.concurrent_requests = [lambda: set_quantities(baskets, BOB, LAMP_1=1)] * 20

    with pytest.raises(Busy):
        merge_baskets(BOB, ADA, baskets=baskets)


def test_moved_lines_are_deleted_from_one_basket_and_added_to_the_other(baskets: Baskets) -> None:
    source, target = a_basket_head(BOB), a_basket_head(ADA)
    baskets.create(source, a_line("LAMP-1", quantity=2))
    baskets.create(target, a_line("RUG-1"))

    baskets.move_lines(source, target, [a_line("LAMP-1", quantity=2)], new_lines=1)

    assert baskets.get_lines(source.basket_id) == []
    assert {line.sku for line in baskets.get_lines(target.basket_id)} == {"LAMP-1", "RUG-1"}
    heads = [baskets.get_head(BOB), baskets.get_head(ADA)]
    assert [head and (head.version, head.line_count) for head in heads] == [(2, 0), (2, 2)]


def test_a_basket_can_be_created_with_lines_of_another(baskets: Baskets) -> None:
    source, target = a_basket_head(BOB), a_basket_head(ADA)
    baskets.create(source, a_line("LAMP-1"))

    baskets.create_with_lines(target, source, [a_line("LAMP-1")])

    assert baskets.get_lines(source.basket_id) == []
    assert baskets.get_head(ADA) == target
    assert baskets.get_lines(target.basket_id) == [a_line("LAMP-1")]


@pytest.mark.parametrize("changed", [BOB, ADA])
def test_no_line_is_moved_when_either_basket_has_changed(baskets: Baskets, changed: str) -> None:
    heads = {BOB: a_basket_head(BOB), ADA: a_basket_head(ADA)}
    baskets.create(heads[BOB], a_line("LAMP-1"))
    baskets.create(heads[ADA], a_line("RUG-1"))
    baskets.add_line(heads[changed], a_line("TEA-1"))

    with pytest.raises(ConcurrentUpdate):
        baskets.move_lines(heads[BOB], heads[ADA], [a_line("LAMP-1")], new_lines=1)

    assert "LAMP-1" in {line.sku for line in baskets.get_lines(heads[BOB].basket_id)}


def test_no_second_basket_is_created_beside_an_open_one(baskets: Baskets) -> None:
    source = a_basket_head(BOB)
    baskets.create(source, a_line("LAMP-1"))
    baskets.create(a_basket_head(ADA), a_line("RUG-1"))

    with pytest.raises(ConcurrentUpdate):
        baskets.create_with_lines(a_basket_head(ADA), source, [a_line("LAMP-1")])

    assert baskets.get_lines(source.basket_id) == [a_line("LAMP-1")]


# --- the route --------------------------------------------------------------------------------


def send_requests(monkeypatch: pytest.MonkeyPatch, *requests: dict[str, Any]) -> list[Response]:
    baskets = baskets_offering("LAMP-1")
    monkeypatch.setattr(handlers, "baskets", lambda: baskets)
    settings = handlers.BasketSettings(table_name="table", currency="GBP")
    monkeypatch.setattr(handlers, "settings", lambda: settings)
    api = http.api_handler(handlers.ROUTES)
    return [send_request(api, **request) for request in requests]


PUT: dict[str, Any] = {
    "method": "PUT",
    "path": "/api/guest/basket/items/LAMP-1",
    "body": json.dumps({"quantity": 2}),
    "guest_token": GUEST_TOKEN,
}
MERGE: dict[str, Any] = {
    "method": "POST",
    "path": "/api/basket/merge",
    "claims": {"sub": "ada"},
    "guest_token": GUEST_TOKEN,
}


def test_a_merge_after_sign_in_returns_the_merged_basket(monkeypatch: pytest.MonkeyPatch) -> None:
    _, merged, repeated = send_requests(monkeypatch, PUT, MERGE, MERGE)

    assert merged.status == 200
    assert [(line["sku"], line["quantity"]) for line in merged.body["lines"]] == [("LAMP-1", 2)]
    assert repeated.body == merged.body


def test_a_merge_needs_the_guest_token(monkeypatch: pytest.MonkeyPatch) -> None:
    without_token = {name: value for name, value in MERGE.items() if name != "guest_token"}

    (refused,) = send_requests(monkeypatch, without_token)

    assert refused.status == 401
    assert "Guest-Token" in refused.body["detail"]


def test_a_merge_needs_a_signed_in_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    without_claims = {name: value for name, value in MERGE.items() if name != "claims"}

    (refused,) = send_requests(monkeypatch, without_claims)

    assert refused.status == 401
