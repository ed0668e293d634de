"""The OpenAPI document is sound, and tells of the API as it is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from infra import contracts
from infra.contracts.parameters import BODIES
from souk.edges.routes import Call
from souk.kernel.errors import InvalidQuery
from tests.infra.template import Template

Json = Any
DOCUMENT = contracts.openapi()


class Operation(NamedTuple):
    key: str  # as a route of the API is called: `GET /api/products`
    body: Json

    def response(self, status: int) -> Json:
        return self.body["responses"].get(str(status), {})

    def headers(self, status: int) -> set[str]:
        return set(self.response(status).get("headers", {}))


def operations() -> Iterator[Operation]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield Operation(f"{method.upper()} {path}", operation)


OPERATIONS = list(operations())
BY_KEY = {each.key: each for each in OPERATIONS}


def every_operation(wanted: str = "/api/") -> pytest.MarkDecorator:
    chosen = [each for each in OPERATIONS if wanted in each.key]
    return pytest.mark.parametrize("operation", chosen, ids=lambda each: each.key)


def test_the_document_is_a_valid_one() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def http_routes(template: Template) -> list[Json]:
    """Those of the WebSocket API, `$connect` and its like, are no HTTP."""
    routes = template.of("ApiGatewayV2::Route").values()
    return [route for route in routes if not route["RouteKey"].startswith("$")]


def test_every_deployed_route_is_documented_and_no_other(template: Template) -> None:
    deployed = {route["RouteKey"] for route in http_routes(template)}

    assert deployed == set(BY_KEY)


def test_a_route_is_documented_to_ask_for_sign_in_where_it_does(template: Template) -> None:
    for route in http_routes(template):
        documented = BY_KEY[route["RouteKey"]].body.get("security", [])
        asked = {scheme for choice in documented for scheme in choice} - {"guest"}

        assert bool(asked) is (route["AuthorizationType"] == "JWT"), route["RouteKey"]


@every_operation()
def test_an_operation_says_what_it_does_and_for_whom(operation: Operation) -> None:
    for text in ("operationId", "summary", "description"):
        assert operation.body[text]


def test_operations_have_names_of_their_own() -> None:
    names = [each.body["operationId"] for each in OPERATIONS]

    assert len(set(names)) == len(names)


def test_every_room_has_something_to_say_of_itself() -> None:
    tags = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}

    assert all(tags.values())
    assert {tag for each in OPERATIONS for tag in each.body["tags"]} == set(tags)


@every_operation()
def test_every_parameter_is_described(operation: Operation) -> None:
    for parameter in operation.body["parameters"]:
        assert parameter["description"]
        assert parameter["schema"]["type"]


@every_operation()
def test_every_refusal_is_described_as_problem_details(operation: Operation) -> None:
    from_the_gateway = {"429"} if "guest" in operation.key else {"401", "429"}
    for status, response in operation.body["responses"].items():
        assert response["description"]
        if int(status) >= 400 and status not in from_the_gateway:
            assert "`" in response["description"], "each with its type"
            (kind,) = response["content"]
            assert kind == "application/problem+json"


@every_operation("/api/staff/")
def test_a_staff_route_says_so(operation: Operation) -> None:
    assert "staff" in operation.body["description"]
    assert operation.body["security"] == [{"staff": []}]
    assert "`forbidden`" in operation.response(403)["description"]


@every_operation()
def test_who_must_say_who_they_are_may_be_told_to(operation: Operation) -> None:
    asked = operation.body.get("security", [])

    assert bool(operation.response(401)) is bool(asked)


@pytest.mark.parametrize(
    ("key", "status", "header"),
    [
        ("GET /api/products/{sku}", 200, "ETag"),
        ("PUT /api/staff/products/{sku}/price", 200, "ETag"),
        ("POST /api/staff/products", 201, "Location"),
        ("POST /api/basket/checkout", 202, "Location"),
        ("POST /api/guest/basket/checkout", 202, "Location"),
        ("PUT /api/guest/basket/items/{sku}", 409, "Retry-After"),
        ("PUT /api/guest/basket/items/{sku}", 503, "Retry-After"),
        ("GET /api/orders", 200, "Correlation-Id"),
    ],
)
def test_a_header_clients_need_is_documented(key: str, status: int, header: str) -> None:
    assert header in BY_KEY[key].headers(status)


@pytest.mark.parametrize(
    "key", ["GET /api/products", "GET /api/orders", "PUT /api/basket/items/{sku}"]
)
def test_a_header_that_is_not_sent_is_not_documented(key: str) -> None:
    assert BY_KEY[key].headers(200) == {"Correlation-Id"}


def test_the_page_size_is_documented_as_it_is_checked() -> None:
    documented = {
        parameter["name"]: parameter["schema"]
        for parameter in BY_KEY["GET /api/products"].body["parameters"]
    }["limit"]
    least, most = documented["minimum"], documented["maximum"]

    assert asked_for(least) == least
    assert asked_for(most) == most
    assert asked_for(None) == documented["default"]
    for beyond in (least - 1, most + 1):
        with pytest.raises(InvalidQuery):
            asked_for(beyond)


def asked_for(limit: int | None) -> int:
    return Call(path={}, query={} if limit is None else {"limit": str(limit)}, headers={}).limit()


def test_an_example_is_a_body_the_shop_takes() -> None:
    bodies = {
        route.body.__name__: route.body
        for room in contracts.ROOMS.values()
        for route in room.ROUTES
        if route.body is not None
    }

    assert set(bodies) == set(BODIES)
    for name, kind in bodies.items():
        msgspec.convert(BODIES[name], kind)


def test_refusals_with_the_same_status_are_told_apart() -> None:
    conflict = BY_KEY["POST /api/guest/basket/checkout"].response(409)["description"]

    assert "`basket-empty`" in conflict
    assert "`total-changed`" in conflict
