"""A route declares its paths, who may call it and its body; a request validates its headers."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import InvalidHeader, InvalidQuery, PreconditionRequired
from souk.runtime.routes import Access, Caller, Request, Routes


class RingRequest(msgspec.Struct):
    times: int


def a_request(*, query: dict[str, str] | None = None, **headers: str) -> Request:
    by_name = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(path={}, query=query or {}, headers=by_name)


@pytest.mark.parametrize(
    ("access", "paths"),
    [
        (Access.PUBLIC, ["/api/bells"]),
        (Access.VISITOR, ["/api/guest/bells", "/api/bells"]),
        (Access.CUSTOMER, ["/api/bells"]),
        (Access.STAFF, ["/api/staff/bells"]),
    ],
)
def test_the_access_of_a_route_decides_its_paths(access: Access, paths: list[str]) -> None:
    routes = Routes()
    routes.add("GET", "/bells", access, response=None)(lambda request: None)

    assert routes[0].paths() == paths


def test_a_route_expects_the_body_of_its_handler() -> None:
    routes = Routes()

    @routes.add("GET", "/bells", Access.PUBLIC, response=None)
    def list_bells(_request: Request) -> None: ...

    @routes.add("POST", "/bells", Access.PUBLIC, response=None)
    def ring_bell(_request: Request, body: RingRequest) -> None: ...

    assert [route.body for route in routes] == [None, RingRequest]


@pytest.mark.parametrize("etag", ['"3"', 'W/"3"'])
def test_the_expected_version_is_the_etag_in_if_match(etag: str) -> None:
    assert a_request(if_match=etag).expected_version() == 3


def test_a_change_without_if_match_is_refused() -> None:
    with pytest.raises(PreconditionRequired, match="If-Match"):
        a_request().expected_version()


@pytest.mark.parametrize(
    "etag", ["3", '"three"', "*", '""', '"3", "4"', '"-3"', '"' + "9" * 13 + '"']
)
def test_an_invalid_etag_is_refused(etag: str) -> None:
    with pytest.raises(InvalidHeader, match="If-Match"):
        a_request(if_match=etag).expected_version()


def test_the_default_page_size_is_24() -> None:
    assert a_request().limit() == 24


@given(st.integers(min_value=1, max_value=100))
def test_a_page_size_from_1_to_100_is_accepted(limit: int) -> None:
    assert a_request(query={"limit": str(limit)}).limit() == limit


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "", "ten", "1.5", " 5", "٣", "1e2", "9" * 5000]
)
def test_an_invalid_page_size_is_refused(limit: str) -> None:
    with pytest.raises(InvalidQuery) as error:
        a_request(query={"limit": limit}).limit()

    assert error.value.members["errors"][0]["pointer"] == "/limit"


def test_a_public_route_has_no_caller() -> None:
    with pytest.raises(LookupError):
        a_request().caller  # noqa: B018  reading it is the test


def test_a_handler_gets_the_caller() -> None:
    ada = Caller("customer-ada", "/api")

    assert a_request()._replace(identity=ada).caller == ada
