"""An API error is a problem document that programs and people can read (RFC 9457)."""

from __future__ import annotations

import inspect

import pytest

from souk.basket import domain as basket
from souk.catalog import domain as catalog
from souk.kernel import errors
from souk.kernel.errors import ApiError, Busy, Conflict, InvalidRequest
from souk.runtime import http, routes

API_ERRORS = sorted(
    {
        error
        for module in (errors, http, routes, basket, catalog)
        for _, error in inspect.getmembers(module, inspect.isclass)
        if issubclass(error, ApiError)
    },
    key=lambda error: error.__name__,
)


def test_a_problem_has_a_type_a_title_and_a_detail() -> None:
    problem = Conflict("The bell is already ringing.", bell="east").problem()

    assert problem == {
        "type": "/problems/conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "The bell is already ringing.",
        "bell": "east",
    }


def test_an_invalid_field_is_named_by_a_json_pointer() -> None:
    problem = InvalidRequest.field("/lines/0/sku", "There is no such SKU.").problem()

    assert problem["errors"] == [{"pointer": "/lines/0/sku", "detail": "There is no such SKU."}]


def test_only_temporary_errors_have_a_retry_after() -> None:
    temporary = {error for error in API_ERRORS if error.retry_after is not None}

    assert temporary == {Busy, basket.ProductUnknown}


@pytest.mark.parametrize("error", API_ERRORS)
def test_errors_with_one_slug_have_one_status_and_title(error: type[ApiError]) -> None:
    same_slug = {(other.status, other.title) for other in API_ERRORS if other.slug == error.slug}

    assert same_slug == {(error.status, error.title)}
    assert 400 <= error.status <= 599
