"""What rooms say is written down, and a change that breaks a listener is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from infra import contracts
from infra.contracts import breaking_changes

Json = Any
DOCS = Path(__file__).parents[2] / "docs"
TODAY = contracts.events_json()


def test_the_page_of_facts_is_up_to_date() -> None:
    written = (DOCS / "events.md").read_text()

    assert written == contracts.events_markdown(), "run: ./souk events > docs/events.md"


def test_the_page_of_orders_is_up_to_date() -> None:
    written = (DOCS / "orders.md").read_text()

    assert written == contracts.orders_markdown(), "run: ./souk orders > docs/orders.md"


def test_no_listener_of_the_released_facts_is_broken() -> None:
    released = json.loads((DOCS / "asyncapi.json").read_text())

    assert breaking_changes(released, TODAY) == [], "say a new fact beside the old instead"


def test_the_page_of_mails_is_up_to_date() -> None:
    written = (DOCS / "mails.md").read_text()

    assert written == contracts.mails_markdown(), "run: ./souk mails --texts > docs/mails.md"


def test_the_released_facts_are_up_to_date() -> None:
    released = json.loads((DOCS / "asyncapi.json").read_text())

    assert released == TODAY, "run: ./souk events --json > docs/asyncapi.json"


def fact(document: Json, name: str) -> Json:
    return document["components"]["schemas"][name]


def message(document: Json, name: str) -> Json:
    return document["channels"]["bus"]["messages"][name]


def drop_a_fact(document: Json) -> None:
    del document["channels"]["bus"]["messages"]["OrderPlaced"]


def let_another_room_say_it(document: Json) -> None:
    message(document, "OrderPlaced")["x-source"] = "souk.basket"


def drop_a_field(document: Json) -> None:
    del fact(document, "OrderPlaced")["properties"]["line_count"]
    fact(document, "OrderPlaced")["required"].remove("line_count")


def drop_a_field_of_a_line(document: Json) -> None:
    del fact(document, "CheckedOutLine")["properties"]["quantity"]
    fact(document, "CheckedOutLine")["required"].remove("quantity")


def change_a_type(document: Json) -> None:
    fact(document, "OrderPlaced")["properties"]["line_count"] = {"type": "string"}


def change_the_type_of_money(document: Json) -> None:
    fact(document, "Money")["properties"]["amount"] = {"type": "number"}


def change_what_a_list_holds(document: Json) -> None:
    fact(document, "BasketCheckedOut")["properties"]["lines"]["items"] = {"type": "string"}


def let_a_field_be_null(document: Json) -> None:
    either = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    fact(document, "OrderPlaced")["properties"]["contact_id"] = either


def let_a_field_be_missing(document: Json) -> None:
    fact(document, "OrderPlaced")["required"].remove("contact_id")


def demand_a_new_field(document: Json) -> None:
    fact(document, "OrderPlaced")["properties"]["channel"] = {"type": "string"}
    fact(document, "OrderPlaced")["required"].append("channel")


def change_the_envelope(document: Json) -> None:
    del message(document, "OrderPlaced")["payload"]["properties"]["correlation_id"]
    message(document, "OrderPlaced")["payload"]["required"].remove("correlation_id")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (drop_a_fact, "OrderPlaced is not said any more"),
        (let_another_room_say_it, "OrderPlaced is said by souk.basket, not by souk.ordering"),
        (drop_a_field, "OrderPlaced.data.line_count is gone"),
        (drop_a_field_of_a_line, "BasketCheckedOut.data.lines.quantity is gone"),
        (change_a_type, "OrderPlaced.data.line_count is of another type"),
        (change_the_type_of_money, "ProductListed.data.price.amount is of another type"),
        (change_what_a_list_holds, "BasketCheckedOut.data.lines is of another type"),
        (let_a_field_be_null, "OrderPlaced.data.contact_id is of another type"),
        (let_a_field_be_missing, "OrderPlaced.data.contact_id may be missing now"),
        (demand_a_new_field, "OrderPlaced.data.channel is required, and older facts have none"),
        (change_the_envelope, "OrderPlaced.correlation_id is gone"),
    ],
)
def test_a_change_that_breaks_a_listener_is_named(
    change: Callable[[Json], None], told: str
) -> None:
    changed = deepcopy(TODAY)

    change(changed)

    assert told in breaking_changes(TODAY, changed)


def add_an_optional_field(document: Json) -> None:
    fact(document, "OrderPlaced")["properties"]["note"] = {"type": "string", "default": ""}


def add_a_fact(document: Json) -> None:
    messages = document["channels"]["bus"]["messages"]
    messages["OrderPlacedV2"] = deepcopy(messages["OrderPlaced"])


def explain_better(document: Json) -> None:
    fact(document, "OrderPlaced")["description"] = "Better words."
    message(document, "OrderPlaced")["x-heard-by"] = ["basket"]


@pytest.mark.parametrize("change", [add_an_optional_field, add_a_fact, explain_better])
def test_a_change_that_only_adds_breaks_nobody(change: Callable[[Json], None]) -> None:
    changed = deepcopy(TODAY)

    change(changed)

    assert changed != TODAY
    assert breaking_changes(TODAY, changed) == []
