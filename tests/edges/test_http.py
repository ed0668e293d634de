"""The HTTP edge: who calls is read in one place, and every answer can be understood."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import msgspec
import pytest

from souk.edges import http
from souk.edges.routes import Access, Answer, Call, Routes
from souk.kernel.errors import Busy, NotFound
from souk.kernel.facts import current_cause
from souk.kernel.money import Money
from tests.kernel.builders import GUEST_TOKEN, answer_to
from tests.kernel.fakes import refused as aws_refused

ROUTES = Routes()
ADA = {"sub": "ada-1", "username": "ada"}
SAM = {"sub": "sam-1", "cognito:groups": "[staff]"}


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    prices: list[Money]


class Seen(msgspec.Struct):
    """What the handler was given."""

    owner: str | None
    prefix: str | None
    path: dict[str, str]
    query: dict[str, str]
    journey: str


@ROUTES.add("GET", "/things/{name}", Access.PUBLIC, answer=Seen)
@ROUTES.add("GET", "/mine", Access.VISITOR, answer=Seen)
@ROUTES.add("GET", "/secrets", Access.STAFF, answer=Seen)
def see(call: Call) -> Seen:
    owner, prefix = call.caller or (None, None)
    journey = current_cause().correlation_id
    return Seen(owner, prefix, dict(call.path), dict(call.query), journey)


@ROUTES.add("POST", "/wishes", Access.PUBLIC, answer=Wish, status=202)
def wish(_call: Call, body: Wish) -> Wish:
    return body


@ROUTES.add("PUT", "/things/{name}", Access.PUBLIC, answer=Wish)
def change(_call: Call, body: Wish) -> Answer:
    return Answer(body, 201, {"ETag": '"7"'})


@ROUTES.add("DELETE", "/things/{name}", Access.PUBLIC, answer=None, status=204)
def remove(_call: Call) -> None:
    return None


@ROUTES.add("GET", "/busy", Access.PUBLIC, answer=None)
def busy(_call: Call) -> None:
    raise Busy("try again")


@ROUTES.add("GET", "/throttled", Access.PUBLIC, answer=None)
def throttled(_call: Call) -> None:
    raise aws_refused("ThrottlingException", "GetItem")


@ROUTES.add("GET", "/broken", Access.PUBLIC, answer=None)
def broken(_call: Call) -> None:
    raise KeyError("the password is swordfish")


HANDLER = http.api(ROUTES)


call = partial(answer_to, HANDLER)


def test_a_guest_is_known_by_a_token() -> None:
    seen = call(path="/api/guest/mine", guest_token=GUEST_TOKEN)

    assert seen.status == 200
    assert seen.body["owner"].startswith("guest-")
    assert seen.body["prefix"] == "/api/guest"


def test_a_guests_token_itself_goes_no_further_than_the_edge(log: list[dict[str, Any]]) -> None:
    seen = call(path="/api/guest/mine", guest_token=GUEST_TOKEN)

    assert GUEST_TOKEN not in json.dumps([seen, log])


def test_each_token_is_a_visitor_of_its_own_and_always_the_same() -> None:
    first, again = (call(path="/api/guest/mine", guest_token=GUEST_TOKEN) for _ in range(2))
    other = call(path="/api/guest/mine", guest_token=GUEST_TOKEN + "x")

    assert first.body["owner"] == again.body["owner"] != other.body["owner"]


@pytest.mark.parametrize("token", [None, "", "short", "with spaces " * 3, "x" * 21, "x" * 129])
def test_a_guest_without_a_token_that_nobody_can_guess_is_refused(token: str | None) -> None:
    given = {} if token is None else {"guest_token": token}

    refused = call(path="/api/guest/mine", **given)

    assert refused.status == 401
    assert refused.body["type"] == "/problems/unauthorized"


def test_a_customer_is_known_by_the_checked_token_alone() -> None:
    seen = call(path="/api/mine", claims=ADA, guest_token=GUEST_TOKEN)

    assert (seen.body["owner"], seen.body["prefix"]) == ("customer-ada-1", "/api")


def test_a_stranger_on_a_customers_path_is_nobody() -> None:
    refused = call(path="/api/mine", guest_token=GUEST_TOKEN)

    assert (refused.status, refused.body["type"]) == (401, "/problems/unauthorized")


@pytest.mark.parametrize("groups", ["[staff]", "[staff admin]", "[admin]", "[vip staff]", "staff"])
def test_a_member_of_staff_is_let_in(groups: str) -> None:
    seen = call(path="/api/staff/secrets", claims={"sub": "sam-1", "cognito:groups": groups})

    assert seen.status == 200


@pytest.mark.parametrize("groups", [None, "", "[]", "[customers]", "[nostaff staffs]"])
def test_a_customer_is_no_staff(groups: str | None) -> None:
    claims = ADA if groups is None else ADA | {"cognito:groups": groups}

    refused = call(path="/api/staff/secrets", claims=claims)

    assert refused.status == 403
    assert refused.body["type"] == "/problems/forbidden"


def test_a_route_open_to_everybody_names_nobody() -> None:
    seen = call(path="/api/things/lamp", guest_token=GUEST_TOKEN, query={"limit": "5"})

    assert seen.body["owner"] is None
    assert seen.body["path"] == {"name": "lamp"}
    assert seen.body["query"] == {"limit": "5"}


def test_a_handlers_answer_is_json_with_the_routes_status() -> None:
    answer = call("POST", "/api/wishes", body='{"prices": []}')

    assert (answer.status, answer.body) == (202, {"prices": []})
    assert answer.headers["Content-Type"] == "application/json"


def test_a_handler_may_answer_more_than_a_body() -> None:
    answer = call("PUT", "/api/things/lamp", body='{"prices": []}')

    assert (answer.status, answer.headers["ETag"]) == (201, '"7"')


def test_an_answer_without_a_body_has_none() -> None:
    answer = call("DELETE", "/api/things/lamp")

    assert (answer.status, answer.body) == (204, None)
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize(
    "body", ["{", "not json", "", None, b"{", b"\xff\xfe", '{"prices": "\ud800']
)
def test_a_body_that_is_no_json_is_refused(body: str | bytes | None) -> None:
    refused = call("POST", "/api/wishes", body=body)

    assert refused.status == 400
    assert refused.body["type"] == "/problems/not-json"


def test_a_body_sent_as_bytes_is_read() -> None:
    body = b'{"prices": [{"amount": 1, "currency": "GBP"}]}'

    assert call("POST", "/api/wishes", body=body).status == 202


PENNY = {"amount": 1, "currency": "GBP"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"prices": [PENNY, PENNY | {"amount": "x"}]}, "/prices/1/amount"),
        ({"prices": [PENNY | {"currency": "pounds"}]}, "/prices/0/currency"),
        ({"prices": [PENNY | {"currency": "GBP\n"}]}, "/prices/0/currency"),
        ({"prices": 5}, "/prices"),
        ({"wishes": 5}, ""),
        ([], ""),
    ],
)
def test_a_field_that_does_not_fit_is_pointed_at(body: Any, pointer: str) -> None:
    refused = call("POST", "/api/wishes", body=json.dumps(body))

    assert refused.status == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.body["type"] == "/problems/invalid-body"
    assert [error["pointer"] for error in refused.body["errors"]] == [pointer]


def test_who_should_ask_again_is_told_when() -> None:
    refused = call(path="/api/busy")

    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")


def test_a_throttled_table_is_told_as_busy_and_not_as_a_failure() -> None:
    refused = call(path="/api/throttled")

    assert (refused.status, refused.body["type"]) == (503, "/problems/busy")
    assert refused.headers["Retry-After"] == "1"


def test_our_own_mistake_is_told_without_its_inside_and_logged_once(
    log: list[dict[str, Any]],
) -> None:
    answer = call(path="/api/broken")

    assert (answer.status, answer.body["type"]) == (500, "/problems/internal")
    assert "swordfish" not in json.dumps(answer)
    assert [line["message"] for line in log if line["level"] == "ERROR"] == ["failed"]
    assert "swordfish" in json.dumps(log)


def test_a_refusal_is_no_error_in_the_log(log: list[dict[str, Any]]) -> None:
    call(path="/api/busy")

    assert [(line["level"], line["message"], line["status"]) for line in log] == [
        ("INFO", "answered", 503)
    ]


@pytest.mark.parametrize(
    "request_",
    [
        {"path": "/api/nowhere"},
        {"path": "/api/things"},
        {"path": "/api/things/"},
        {"path": "/api/things/lamp/shade"},
        {"path": "/api/thing/lamp"},
        {"method": "POST", "path": "/api/things/lamp"},
    ],
)
def test_a_path_that_leads_nowhere_is_a_problem_too(request_: dict[str, str]) -> None:
    refused = call(**request_)

    assert refused.status == 404
    assert refused.body == NotFound("no such route").problem()


@pytest.mark.parametrize(
    "request_",
    [{"path": "/api/things/" + "x" * 201}, {"path": "/api/things/x", "query": {"q": "é" * 201}}],
)
def test_a_name_longer_than_any_key_is_not_found(request_: dict[str, Any]) -> None:
    assert call(**request_).status == 404


def test_a_journey_keeps_the_id_it_came_with(log: list[dict[str, Any]]) -> None:
    seen = call(path="/api/things/lamp", correlation_id="journey-0001")

    assert seen.body["journey"] == seen.headers["Correlation-Id"] == "journey-0001"
    assert [line["correlation_id"] for line in log] == ["journey-0001"]


@pytest.mark.parametrize(
    "given", [{}, {"correlation_id": "two words"}, {"correlation_id": "x" * 65}]
)
def test_a_journey_without_a_fit_id_is_given_one(given: dict[str, str]) -> None:
    seen = call(path="/api/things/lamp", **given)

    minted = seen.headers["Correlation-Id"]
    assert seen.body["journey"] == minted
    assert len(minted) == 36
    assert minted not in given.values()


def test_a_refusal_tells_its_journey_too() -> None:
    assert call(path="/api/nowhere", correlation_id="journey-0001").headers["Correlation-Id"] == (
        "journey-0001"
    )


@pytest.mark.parametrize(
    ("path", "pointer"),
    [("$", ""), ("$.lines", "/lines"), ("$.lines[0].sku", "/lines/0/sku"), ("$[1][2]", "/1/2")],
)
def test_a_path_of_the_decoder_becomes_a_json_pointer(path: str, pointer: str) -> None:
    assert http.pointer(path) == pointer
