"""A refusal is a problem document that a program and a person can read (RFC 9457)."""

from __future__ import annotations

import inspect

import pytest

from souk.basket import domain as basket
from souk.catalog import domain as catalog
from souk.edges import http, routes
from souk.kernel import errors
from souk.kernel.errors import Busy, Conflict, Invalid, Refusal

REFUSALS = sorted(
    {
        kind
        for module in (errors, http, routes, basket, catalog)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Refusal)
    },
    key=lambda kind: kind.__name__,
)


def test_a_problem_says_what_kind_it_is_and_what_happened() -> None:
    problem = Conflict("the bell is ringing already", bell="east").problem()

    assert problem == {
        "type": "/problems/conflict",
        "title": "The request does not fit the present state",
        "status": 409,
        "detail": "the bell is ringing already",
        "bell": "east",
    }


def test_a_bad_field_is_pointed_at() -> None:
    problem = Invalid.field("/lines/0/sku", "there is no such SKU").problem()

    assert problem["errors"] == [{"pointer": "/lines/0/sku", "detail": "there is no such SKU"}]


def test_only_what_may_pass_by_waiting_says_how_long_to_wait() -> None:
    waits = {kind for kind in REFUSALS if kind.retry_after is not None}

    assert waits == {Busy, basket.ProductUnknown}


@pytest.mark.parametrize("kind", REFUSALS)
def test_problems_of_one_type_are_alike_wherever_they_come_from(kind: type[Refusal]) -> None:
    alike = {(other.status, other.title) for other in REFUSALS if other.slug == kind.slug}

    assert alike == {(kind.status, kind.title)}
    assert 400 <= kind.status <= 599
