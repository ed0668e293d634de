"""A route says where it stands, who may call it and what it is sent."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.edges.routes import Access, Call, Caller, Routes
from souk.kernel.errors import InvalidHeader, InvalidQuery, PreconditionRequired


class Ring(msgspec.Struct):
    times: int


def a_call(*, query: dict[str, str] | None = None, **headers: str) -> Call:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(path={}, query=query or {}, headers=named)


@pytest.mark.parametrize(
    ("access", "paths"),
    [
        (Access.PUBLIC, ["/api/bells"]),
        (Access.VISITOR, ["/api/guest/bells", "/api/bells"]),
        (Access.CUSTOMER, ["/api/bells"]),
        (Access.STAFF, ["/api/staff/bells"]),
    ],
)
def test_who_may_call_a_route_decides_where_it_stands(access: Access, paths: list[str]) -> None:
    routes = Routes()
    routes.add("GET", "/bells", access, answer=None)(lambda call: None)

    assert routes[0].paths() == paths


def test_a_route_expects_the_body_its_handler_takes() -> None:
    routes = Routes()

    @routes.add("GET", "/bells", Access.PUBLIC, answer=None)
    def see(_call: Call) -> None: ...

    @routes.add("POST", "/bells", Access.PUBLIC, answer=None)
    def ring(_call: Call, body: Ring) -> None: ...

    assert [route.body for route in routes] == [None, Ring]


@pytest.mark.parametrize("etag", ['"3"', 'W/"3"'])
def test_the_version_a_client_read_is_the_etag_it_sends_back(etag: str) -> None:
    assert a_call(if_match=etag).seen_version() == 3


def test_a_change_without_the_version_read_is_refused() -> None:
    with pytest.raises(PreconditionRequired, match="If-Match"):
        a_call().seen_version()


@pytest.mark.parametrize(
    "etag", ["3", '"three"', "*", '""', '"3", "4"', '"-3"', '"' + "9" * 13 + '"']
)
def test_what_is_no_etag_of_ours_is_refused(etag: str) -> None:
    with pytest.raises(InvalidHeader, match="If-Match"):
        a_call(if_match=etag).seen_version()


def test_a_page_holds_24_when_nobody_says_how_many() -> None:
    assert a_call().limit() == 24


@given(st.integers(min_value=1, max_value=100))
def test_a_page_holds_as_many_as_asked_for(limit: int) -> None:
    assert a_call(query={"limit": str(limit)}).limit() == limit


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "", "ten", "1.5", " 5", "٣", "1e2", "9" * 5000]
)
def test_a_page_of_none_or_too_many_is_refused(limit: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        a_call(query={"limit": limit}).limit()

    assert refused.value.members["errors"][0]["pointer"] == "/limit"


def test_nobody_is_named_on_a_route_open_to_everybody() -> None:
    with pytest.raises(LookupError):
        a_call().visitor  # noqa: B018  asking is the test


def test_a_visitor_is_named_to_the_handler() -> None:
    ada = Caller("customer-ada", "/api")

    assert a_call()._replace(caller=ada).visitor == ada
