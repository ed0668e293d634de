"""What a guest put is taken along at sign-in: all of it, and once however often it is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from souk.basket import handlers
from souk.basket.domain import MAX_LINES, MAX_QUANTITY, BasketFull, BasketMoved
from souk.basket.usecases import MOVED_AT_ONCE, merge, put_line, see_basket
from souk.edges import http
from souk.kernel.errors import Busy
from tests.basket.builders import ADA, BOB, a_head, a_line, an_offer
from tests.basket.fakes import FakeBaskets, StoredBaskets, held
from tests.kernel.builders import GUEST_TOKEN, Response, answer_to
from tests.kernel.tables import twin

SKUS = [f"SKU-{number:04}" for number in range(MAX_LINES + 1)]
Baskets = FakeBaskets | StoredBaskets


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def baskets(request: pytest.FixtureRequest) -> Iterator[Baskets]:
    if request.param == "in memory":
        yield FakeBaskets()
        return
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["BasketTable"]) as table:
        yield StoredBaskets(table)


def known(*skus: str) -> FakeBaskets:
    return FakeBaskets(*(an_offer(sku) for sku in skus))


def put(baskets: FakeBaskets, owner: str, **quantities: int) -> None:
    for name, quantity in quantities.items():
        put_line(owner, name.replace("_", "-"), quantity, baskets=baskets)


def test_a_guest_s_lines_are_the_customer_s_afterwards() -> None:
    baskets = known("LAMP-1", "RUG-1")
    put(baskets, BOB, LAMP_1=2, RUG_1=1)

    merged = merge(BOB, ADA, baskets=baskets)

    assert [(each.line.sku, each.line.quantity) for each in merged.lines] == [
        ("LAMP-1", 2),
        ("RUG-1", 1),
    ]
    assert merged.head is not None
    assert merged.head.line_count == 2
    assert held(baskets, BOB) == {}


def test_what_is_in_both_baskets_is_added_up() -> None:
    baskets = known("LAMP-1", "RUG-1")
    put(baskets, ADA, LAMP_1=1, RUG_1=1)
    put(baskets, BOB, LAMP_1=2)

    merged = merge(BOB, ADA, baskets=baskets)

    assert held(baskets) == {"LAMP-1": 3, "RUG-1": 1}
    assert merged.head is not None
    assert merged.head.line_count == 2


def test_merging_again_brings_nothing_twice() -> None:
    baskets = known("LAMP-1")
    put(baskets, BOB, LAMP_1=2)

    merge(BOB, ADA, baskets=baskets)
    merge(BOB, ADA, baskets=baskets)

    assert held(baskets) == {"LAMP-1": 2}


def test_two_tabs_that_merge_at_once_bring_it_once() -> None:
    baskets = known("LAMP-1")
    put(baskets, BOB, LAMP_1=2)
    baskets.meanwhile = [lambda: merge(BOB, ADA, baskets=baskets)]

    merge(BOB, ADA, baskets=baskets)

    assert held(baskets) == {"LAMP-1": 2}


def test_what_is_put_while_merging_is_taken_along() -> None:
    baskets = known("LAMP-1", "RUG-1")
    put(baskets, BOB, LAMP_1=2)
    baskets.meanwhile = [lambda: put(baskets, BOB, RUG_1=1), lambda: put(baskets, ADA, RUG_1=4)]

    merge(BOB, ADA, baskets=baskets)

    assert held(baskets) == {"LAMP-1": 2, "RUG-1": 5}


def test_a_guest_who_put_nothing_changes_nothing() -> None:
    baskets = known("LAMP-1")
    put(baskets, ADA, LAMP_1=1)
    before = see_basket(ADA, baskets=baskets)

    assert merge(BOB, ADA, baskets=baskets) == before


def test_a_large_basket_is_merged_whole() -> None:
    many = SKUS[: 2 * MOVED_AT_ONCE + 1]
    baskets = known(*many)
    for sku in many:
        put_line(BOB, sku, 1, baskets=baskets)

    merge(BOB, ADA, baskets=baskets)

    assert held(baskets) == dict.fromkeys(many, 1)
    assert held(baskets, BOB) == {}


def test_more_lines_than_a_basket_holds_are_refused_and_stay() -> None:
    baskets = known(*SKUS)
    for sku in SKUS[1:]:
        put_line(ADA, sku, 1, baskets=baskets)
    put_line(BOB, SKUS[0], 1, baskets=baskets)

    with pytest.raises(BasketFull):
        merge(BOB, ADA, baskets=baskets)

    assert held(baskets, BOB) == {SKUS[0]: 1}


def test_no_line_grows_over_what_a_line_may_hold() -> None:
    baskets = known("LAMP-1")
    put(baskets, ADA, LAMP_1=MAX_QUANTITY)
    put(baskets, BOB, LAMP_1=2)

    merge(BOB, ADA, baskets=baskets)

    assert held(baskets) == {"LAMP-1": MAX_QUANTITY}


def test_a_basket_that_never_rests_is_called_busy() -> None:
    baskets = known("LAMP-1")
    put(baskets, BOB, LAMP_1=1)
    baskets.meanwhile = [lambda: put(baskets, BOB, LAMP_1=1)] * 20

    with pytest.raises(Busy):
        merge(BOB, ADA, baskets=baskets)


def test_moved_lines_leave_one_basket_and_stand_in_the_other(baskets: Baskets) -> None:
    source, target = a_head(BOB), a_head(ADA)
    baskets.begin(source, a_line("LAMP-1", quantity=2))
    baskets.begin(target, a_line("RUG-1"))

    baskets.move(source, target, [a_line("LAMP-1", quantity=2)], new=1)

    assert baskets.lines(source.basket_id) == []
    assert {line.sku for line in baskets.lines(target.basket_id)} == {"LAMP-1", "RUG-1"}
    after = [baskets.head(BOB), baskets.head(ADA)]
    assert [head and (head.version, head.line_count) for head in after] == [(2, 0), (2, 2)]


def test_a_basket_begins_with_lines_of_another(baskets: Baskets) -> None:
    source, target = a_head(BOB), a_head(ADA)
    baskets.begin(source, a_line("LAMP-1"))

    baskets.begin_with(target, source, [a_line("LAMP-1")])

    assert baskets.lines(source.basket_id) == []
    assert baskets.head(ADA) == target
    assert baskets.lines(target.basket_id) == [a_line("LAMP-1")]


@pytest.mark.parametrize("changed", [BOB, ADA])
def test_nothing_moves_between_baskets_changed_meanwhile(baskets: Baskets, changed: str) -> None:
    heads = {BOB: a_head(BOB), ADA: a_head(ADA)}
    baskets.begin(heads[BOB], a_line("LAMP-1"))
    baskets.begin(heads[ADA], a_line("RUG-1"))
    baskets.add(heads[changed], a_line("TEA-1"))

    with pytest.raises(BasketMoved):
        baskets.move(heads[BOB], heads[ADA], [a_line("LAMP-1")], new=1)

    assert "LAMP-1" in {line.sku for line in baskets.lines(heads[BOB].basket_id)}


def test_no_second_basket_begins_beside_an_open_one(baskets: Baskets) -> None:
    source = a_head(BOB)
    baskets.begin(source, a_line("LAMP-1"))
    baskets.begin(a_head(ADA), a_line("RUG-1"))

    with pytest.raises(BasketMoved):
        baskets.begin_with(a_head(ADA), source, [a_line("LAMP-1")])

    assert baskets.lines(source.basket_id) == [a_line("LAMP-1")]


# --- over HTTP --------------------------------------------------------------------------------


def over_http(monkeypatch: pytest.MonkeyPatch, *steps: dict[str, Any]) -> list[Response]:
    baskets = known("LAMP-1")
    monkeypatch.setattr(handlers, "baskets", lambda: baskets)
    settings = handlers.BasketSettings(table_name="table", currency="GBP")
    monkeypatch.setattr(handlers, "settings", lambda: settings)
    api = http.api(handlers.ROUTES)
    return [answer_to(api, **step) for step in steps]


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


def test_signing_in_takes_the_guest_s_basket_along(monkeypatch: pytest.MonkeyPatch) -> None:
    _, merged, again = over_http(monkeypatch, PUT, MERGE, MERGE)

    assert merged.status == 200
    assert [(line["sku"], line["quantity"]) for line in merged.body["lines"]] == [("LAMP-1", 2)]
    assert again.body == merged.body


def test_only_who_has_the_guest_s_token_can_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenless = {name: value for name, value in MERGE.items() if name != "guest_token"}

    (refused,) = over_http(monkeypatch, tokenless)

    assert refused.status == 401
    assert "Guest-Token" in refused.body["detail"]


def test_a_guest_alone_cannot_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    anonymous = {name: value for name, value in MERGE.items() if name != "claims"}

    (refused,) = over_http(monkeypatch, anonymous)

    assert refused.status == 401
