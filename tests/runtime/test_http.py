"""The HTTP handler: it identifies the caller, and every response is JSON or a problem document."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import msgspec
import pytest

from souk.kernel.errors import Busy, NotFound
from souk.kernel.events import current_cause
from souk.kernel.money import Money
from souk.runtime import http
from souk.runtime.routes import Access, Request, Response, Routes
from tests.kernel.builders import GUEST_TOKEN, send_request
from tests.kernel.fakes import client_error

ROUTES = Routes()
ADA = {"sub": "ada-1", "username": "ada"}
SAM = {"sub": "sam-1", "cognito:groups": "[staff]"}


class PricesRequest(msgspec.Struct, forbid_unknown_fields=True):
    prices: list[Money]


class ReceivedRequest(msgspec.Struct):
    """What the handler received."""

    owner: str | None
    prefix: str | None
    path: dict[str, str]
    query: dict[str, str]
    correlation_id: str


@ROUTES.add("GET", "/bells/{name}", Access.PUBLIC, response=ReceivedRequest)
@ROUTES.add("GET", "/mine", Access.VISITOR, response=ReceivedRequest)
@ROUTES.add("GET", "/secrets", Access.STAFF, response=ReceivedRequest)
def echo(request: Request) -> ReceivedRequest:
    owner, prefix = request.identity or (None, None)
    correlation_id = current_cause().correlation_id
    return ReceivedRequest(owner, prefix, dict(request.path), dict(request.query), correlation_id)


@ROUTES.add("POST", "/prices", Access.PUBLIC, response=PricesRequest, status=202)
def send_prices(_request: Request, body: PricesRequest) -> PricesRequest:
    return body


@ROUTES.add("PUT", "/bells/{name}", Access.PUBLIC, response=PricesRequest)
def change(_request: Request, body: PricesRequest) -> Response:
    return Response(body, 201, {"ETag": '"7"'})


@ROUTES.add("DELETE", "/bells/{name}", Access.PUBLIC, response=None, status=204)
def remove(_request: Request) -> None:
    return None


@ROUTES.add("GET", "/busy", Access.PUBLIC, response=None)
def busy(_request: Request) -> None:
    raise Busy("Try again.")


@ROUTES.add("GET", "/throttled", Access.PUBLIC, response=None)
def throttled(_request: Request) -> None:
    raise client_error("ThrottlingException", "GetItem")


@ROUTES.add("GET", "/broken", Access.PUBLIC, response=None)
def broken(_request: Request) -> None:
    raise KeyError("the password is swordfish")


HANDLER = http.api_handler(ROUTES)


call = partial(send_request, HANDLER)


def test_a_guest_is_identified_by_the_token() -> None:
    response = call(path="/api/guest/mine", guest_token=GUEST_TOKEN)

    assert response.status == 200
    assert response.body["owner"].startswith("guest-")
    assert response.body["prefix"] == "/api/guest"


def test_a_guest_token_reaches_neither_the_handler_nor_the_log(log: list[dict[str, Any]]) -> None:
    response = call(path="/api/guest/mine", guest_token=GUEST_TOKEN)

    assert GUEST_TOKEN not in json.dumps([response, log])


def test_one_token_is_always_the_same_visitor_and_another_token_another() -> None:
    first, second = (call(path="/api/guest/mine", guest_token=GUEST_TOKEN) for _ in range(2))
    other = call(path="/api/guest/mine", guest_token=GUEST_TOKEN + "x")

    assert first.body["owner"] == second.body["owner"] != other.body["owner"]


@pytest.mark.parametrize("token", [None, "", "short", "with spaces " * 3, "x" * 21, "x" * 129])
def test_a_guest_without_a_valid_token_is_refused(token: str | None) -> None:
    headers = {} if token is None else {"guest_token": token}

    refused = call(path="/api/guest/mine", **headers)

    assert refused.status == 401
    assert refused.body["type"] == "/problems/unauthorized"


def test_a_customer_is_identified_by_the_verified_claims_only() -> None:
    response = call(path="/api/mine", claims=ADA, guest_token=GUEST_TOKEN)

    assert (response.body["owner"], response.body["prefix"]) == ("customer-ada-1", "/api")


def test_a_guest_token_is_not_accepted_on_a_customer_path() -> None:
    refused = call(path="/api/mine", guest_token=GUEST_TOKEN)

    assert (refused.status, refused.body["type"]) == (401, "/problems/unauthorized")


@pytest.mark.parametrize("groups", ["[staff]", "[staff admin]", "[admin]", "[vip staff]", "staff"])
def test_a_member_of_staff_may_use_staff_routes(groups: str) -> None:
    response = call(path="/api/staff/secrets", claims={"sub": "sam-1", "cognito:groups": groups})

    assert response.status == 200


@pytest.mark.parametrize("groups", [None, "", "[]", "[customers]", "[nostaff staffs]"])
def test_a_customer_may_not_use_staff_routes(groups: str | None) -> None:
    claims = ADA if groups is None else ADA | {"cognito:groups": groups}

    refused = call(path="/api/staff/secrets", claims=claims)

    assert refused.status == 403
    assert refused.body["type"] == "/problems/forbidden"


def test_a_public_route_identifies_nobody() -> None:
    response = call(path="/api/bells/lamp", guest_token=GUEST_TOKEN, query={"limit": "5"})

    assert response.body["owner"] is None
    assert response.body["path"] == {"name": "lamp"}
    assert response.body["query"] == {"limit": "5"}


def test_a_handlers_result_is_json_with_the_status_of_the_route() -> None:
    response = call("POST", "/api/prices", body='{"prices": []}')

    assert (response.status, response.body) == (202, {"prices": []})
    assert response.headers["Content-Type"] == "application/json"


def test_a_handler_can_set_status_and_headers() -> None:
    response = call("PUT", "/api/bells/lamp", body='{"prices": []}')

    assert (response.status, response.headers["ETag"]) == (201, '"7"')


def test_a_response_without_a_body_is_empty() -> None:
    response = call("DELETE", "/api/bells/lamp")

    assert (response.status, response.body) == (204, None)
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize(
    "body", ["{", "not json", "", None, b"{", b"\xff\xfe", '{"prices": "\ud800']
)
def test_a_body_that_is_not_json_is_refused(body: str | bytes | None) -> None:
    refused = call("POST", "/api/prices", body=body)

    assert refused.status == 400
    assert refused.body["type"] == "/problems/invalid-json"


def test_a_base64_encoded_body_is_decoded() -> None:
    body = b'{"prices": [{"amount": 1, "currency": "GBP"}]}'

    assert call("POST", "/api/prices", body=body).status == 202


PENNY = {"amount": 1, "currency": "GBP"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"prices": [PENNY, PENNY | {"amount": "x"}]}, "/prices/1/amount"),
        ({"prices": [PENNY | {"currency": "pounds"}]}, "/prices/0/currency"),
        ({"prices": [PENNY | {"currency": "GBP\n"}]}, "/prices/0/currency"),
        ({"prices": 5}, "/prices"),
        ({"unknown": 5}, ""),
        ([], ""),
    ],
)
def test_an_invalid_field_is_named_by_a_json_pointer(body: Any, pointer: str) -> None:
    refused = call("POST", "/api/prices", body=json.dumps(body))

    assert refused.status == 422
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.body["type"] == "/problems/invalid-request"
    assert [error["pointer"] for error in refused.body["errors"]] == [pointer]


def test_a_temporary_error_has_a_retry_after_header() -> None:
    refused = call(path="/api/busy")

    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")


def test_throttling_is_reported_as_busy_and_not_as_an_internal_error() -> None:
    refused = call(path="/api/throttled")

    assert (refused.status, refused.body["type"]) == (503, "/problems/busy")
    assert refused.headers["Retry-After"] == "1"


def test_an_internal_error_is_logged_once_and_reveals_nothing_to_the_caller(
    log: list[dict[str, Any]],
) -> None:
    response = call(path="/api/broken")

    assert (response.status, response.body["type"]) == (500, "/problems/internal-error")
    assert "swordfish" not in json.dumps(response)
    assert [line["message"] for line in log if line["level"] == "ERROR"] == ["failed"]
    assert "swordfish" in json.dumps(log)


def test_an_api_error_is_not_logged_as_an_error(log: list[dict[str, Any]]) -> None:
    call(path="/api/busy")

    assert [(line["level"], line["message"], line["status"]) for line in log] == [
        ("INFO", "responded", 503)
    ]


@pytest.mark.parametrize(
    "request_fields",
    [
        {"path": "/api/nowhere"},
        {"path": "/api/bells"},
        {"path": "/api/bells/"},
        {"path": "/api/bells/lamp/shade"},
        {"path": "/api/bell/lamp"},
        {"method": "POST", "path": "/api/bells/lamp"},
    ],
)
def test_an_unknown_path_or_method_is_a_problem_too(request_fields: dict[str, str]) -> None:
    refused = call(**request_fields)

    assert refused.status == 404
    assert refused.body == NotFound("There is no such route.").problem()


@pytest.mark.parametrize(
    "request_fields",
    [{"path": "/api/bells/" + "x" * 201}, {"path": "/api/bells/x", "query": {"q": "é" * 201}}],
)
def test_a_parameter_that_is_too_long_is_not_found(request_fields: dict[str, Any]) -> None:
    assert call(**request_fields).status == 404


def test_a_valid_correlation_id_of_the_caller_is_used(log: list[dict[str, Any]]) -> None:
    response = call(path="/api/bells/lamp", correlation_id="correlation-0001")

    assert response.body["correlation_id"] == "correlation-0001"
    assert response.headers["Correlation-Id"] == "correlation-0001"
    assert [line["correlation_id"] for line in log] == ["correlation-0001"]


@pytest.mark.parametrize(
    "headers", [{}, {"correlation_id": "two words"}, {"correlation_id": "x" * 65}]
)
def test_a_missing_or_invalid_correlation_id_is_replaced(headers: dict[str, str]) -> None:
    response = call(path="/api/bells/lamp", **headers)

    new_id = response.headers["Correlation-Id"]
    assert response.body["correlation_id"] == new_id
    assert len(new_id) == 36
    assert new_id not in headers.values()


def test_an_error_response_has_a_correlation_id_too() -> None:
    refused = call(path="/api/nowhere", correlation_id="correlation-0001")

    assert refused.headers["Correlation-Id"] == "correlation-0001"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [("$", ""), ("$.lines", "/lines"), ("$.lines[0].sku", "/lines/0/sku"), ("$[1][2]", "/1/2")],
)
def test_a_msgspec_path_becomes_a_json_pointer(path: str, pointer: str) -> None:
    assert http.pointer(path) == pointer
