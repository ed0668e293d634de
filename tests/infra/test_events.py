"""The generated documents are up to date, and incompatible changes of events are detected."""

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
CURRENT = contracts.events_json()


def test_the_events_page_is_up_to_date() -> None:
    written = (DOCS / "events.md").read_text()

    assert written == contracts.events_markdown(), "run: ./souk events > docs/events.md"


def test_the_orders_page_is_up_to_date() -> None:
    written = (DOCS / "orders.md").read_text()

    assert written == contracts.orders_markdown(), "run: ./souk orders > docs/orders.md"


def test_the_released_events_are_still_compatible() -> None:
    released = json.loads((DOCS / "asyncapi.json").read_text())

    assert breaking_changes(released, CURRENT) == [], "publish a new event in addition instead"


def test_the_emails_page_is_up_to_date() -> None:
    written = (DOCS / "emails.md").read_text()

    assert written == contracts.emails_markdown(), "run: ./souk emails --texts > docs/emails.md"


def test_the_released_events_are_up_to_date() -> None:
    released = json.loads((DOCS / "asyncapi.json").read_text())

    assert released == CURRENT, "run: ./souk events --json > docs/asyncapi.json"


def schema(document: Json, name: str) -> Json:
    return document["components"]["schemas"][name]


def message(document: Json, name: str) -> Json:
    return document["channels"]["bus"]["messages"][name]


def remove_an_event(document: Json) -> None:
    del document["channels"]["bus"]["messages"]["OrderPlaced"]


def move_an_event_to_another_service(document: Json) -> None:
    message(document, "OrderPlaced")["x-source"] = "souk.basket"


def remove_a_field(document: Json) -> None:
    del schema(document, "OrderPlaced")["properties"]["line_count"]
    schema(document, "OrderPlaced")["required"].remove("line_count")


def remove_a_field_of_a_line(document: Json) -> None:
    del schema(document, "OrderLine")["properties"]["quantity"]
    schema(document, "OrderLine")["required"].remove("quantity")


def change_a_type(document: Json) -> None:
    schema(document, "OrderPlaced")["properties"]["line_count"] = {"type": "string"}


def change_the_type_of_money(document: Json) -> None:
    schema(document, "Money")["properties"]["amount"] = {"type": "number"}


def change_the_items_of_a_list(document: Json) -> None:
    schema(document, "BasketCheckedOut")["properties"]["lines"]["items"] = {"type": "string"}


def allow_null(document: Json) -> None:
    text_or_null = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    schema(document, "OrderPlaced")["properties"]["contact_id"] = text_or_null


def make_a_field_optional(document: Json) -> None:
    schema(document, "OrderPlaced")["required"].remove("contact_id")


def add_a_required_field(document: Json) -> None:
    schema(document, "OrderPlaced")["properties"]["channel"] = {"type": "string"}
    schema(document, "OrderPlaced")["required"].append("channel")


def change_the_envelope(document: Json) -> None:
    del message(document, "OrderPlaced")["payload"]["properties"]["correlation_id"]
    message(document, "OrderPlaced")["payload"]["required"].remove("correlation_id")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (remove_an_event, "OrderPlaced is no longer published"),
        (
            move_an_event_to_another_service,
            "OrderPlaced is published by souk.basket instead of souk.ordering",
        ),
        (remove_a_field, "OrderPlaced.data.line_count was removed"),
        (remove_a_field_of_a_line, "BasketCheckedOut.data.lines.quantity was removed"),
        (change_a_type, "OrderPlaced.data.line_count has another type"),
        (change_the_type_of_money, "ProductListed.data.price.amount has another type"),
        (change_the_items_of_a_list, "BasketCheckedOut.data.lines has another type"),
        (allow_null, "OrderPlaced.data.contact_id has another type"),
        (make_a_field_optional, "OrderPlaced.data.contact_id is no longer required"),
        (
            add_a_required_field,
            "OrderPlaced.data.channel is required, but older events do not have it",
        ),
        (change_the_envelope, "OrderPlaced.correlation_id was removed"),
    ],
)
def test_a_breaking_change_is_reported(change: Callable[[Json], None], expected: str) -> None:
    changed = deepcopy(CURRENT)

    change(changed)

    assert expected in breaking_changes(CURRENT, changed)


def add_an_optional_field(document: Json) -> None:
    schema(document, "OrderPlaced")["properties"]["note"] = {"type": "string", "default": ""}


def add_an_event(document: Json) -> None:
    messages = document["channels"]["bus"]["messages"]
    messages["OrderPlacedV2"] = deepcopy(messages["OrderPlaced"])


def change_descriptions_and_subscribers(document: Json) -> None:
    schema(document, "OrderPlaced")["description"] = "A better description."
    message(document, "OrderPlaced")["x-subscribers"] = ["basket"]


@pytest.mark.parametrize(
    "change", [add_an_optional_field, add_an_event, change_descriptions_and_subscribers]
)
def test_an_addition_is_compatible(change: Callable[[Json], None]) -> None:
    changed = deepcopy(CURRENT)

    change(changed)

    assert changed != CURRENT
    assert breaking_changes(CURRENT, changed) == []
