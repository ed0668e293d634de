"""The OpenAPI document is valid and describes the deployed API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from infra import contracts
from infra.contracts.http_api import UndocumentedRoute, example_of
from souk.kernel.errors import InvalidQuery
from souk.runtime.routes import Access, Request, Routes
from souk.services import SERVICES
from tests.infra.template import Template

Json = Any
DOCUMENT = contracts.openapi()


class Operation(NamedTuple):
    key: str  # as a route key of API Gateway: `GET /api/products`
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


def each_operation(prefix: str = "/api/") -> pytest.MarkDecorator:
    selected = [each for each in OPERATIONS if prefix in each.key]
    return pytest.mark.parametrize("operation", selected, ids=lambda each: each.key)


def test_the_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def http_routes(template: Template) -> list[Json]:
    """All routes except those of the WebSocket API, such as `$connect`."""
    routes = template.properties("ApiGatewayV2::Route").values()
    return [route for route in routes if not route["RouteKey"].startswith("$")]


def test_the_document_has_exactly_the_deployed_routes(template: Template) -> None:
    deployed = {route["RouteKey"] for route in http_routes(template)}

    assert deployed == set(BY_KEY)


def test_routes_that_need_sign_in_are_documented_as_such(template: Template) -> None:
    for route in http_routes(template):
        security = BY_KEY[route["RouteKey"]].body.get("security", [])
        token_schemes = {scheme for choice in security for scheme in choice} - {"guest"}

        assert bool(token_schemes) is (route["AuthorizationType"] == "JWT"), route["RouteKey"]


@each_operation()
def test_every_operation_is_described(operation: Operation) -> None:
    for text in ("operationId", "summary", "description"):
        assert operation.body[text]


def test_operation_ids_are_unique() -> None:
    names = [each.body["operationId"] for each in OPERATIONS]

    assert len(set(names)) == len(names)


def test_every_service_is_described() -> None:
    tags = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}

    assert all(tags.values())
    assert {tag for each in OPERATIONS for tag in each.body["tags"]} == set(tags)


@each_operation()
def test_every_parameter_is_described(operation: Operation) -> None:
    for parameter in operation.body["parameters"]:
        assert parameter["description"]
        assert parameter["schema"]["type"]


@each_operation()
def test_every_error_is_documented_as_problem_details(operation: Operation) -> None:
    gateway_statuses = {"429"} if "guest" in operation.key else {"401", "429"}
    for status, response in operation.body["responses"].items():
        assert response["description"]
        if int(status) >= 400 and status not in gateway_statuses:
            assert "`" in response["description"], "names the problem type"
            (content_type,) = response["content"]
            assert content_type == "application/problem+json"


@each_operation("/api/staff/")
def test_a_staff_route_is_documented_as_such(operation: Operation) -> None:
    assert "staff" in operation.body["description"]
    assert operation.body["security"] == [{"staff": []}]
    assert "`forbidden`" in operation.response(403)["description"]


@each_operation()
def test_routes_that_need_authentication_document_401(operation: Operation) -> None:
    security = operation.body.get("security", [])

    assert bool(operation.response(401)) is bool(security)


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
def test_a_header_that_clients_need_is_documented(key: str, status: int, header: str) -> None:
    assert header in BY_KEY[key].headers(status)


@pytest.mark.parametrize(
    "key", ["GET /api/products", "GET /api/orders", "PUT /api/basket/items/{sku}"]
)
def test_a_header_that_is_not_sent_is_not_documented(key: str) -> None:
    assert BY_KEY[key].headers(200) == {"Correlation-Id"}


def test_the_documented_page_size_is_enforced() -> None:
    documented = {
        parameter["name"]: parameter["schema"]
        for parameter in BY_KEY["GET /api/products"].body["parameters"]
    }["limit"]
    minimum, maximum = documented["minimum"], documented["maximum"]

    assert parse_limit(minimum) == minimum
    assert parse_limit(maximum) == maximum
    assert parse_limit(None) == documented["default"]
    for invalid in (minimum - 1, maximum + 1):
        with pytest.raises(InvalidQuery):
            parse_limit(invalid)


def parse_limit(limit: int | None) -> int:
    return Request(
        path={}, query={} if limit is None else {"limit": str(limit)}, headers={}
    ).limit()


def test_every_example_is_a_valid_body() -> None:
    bodies = [
        (service, route.body)
        for service in SERVICES
        for route in service.routes
        if route.body is not None
    ]

    assert len(bodies) > 10
    for service, body_type in bodies:
        msgspec.convert(example_of(service, body_type), body_type)


def test_no_example_is_left_of_a_body_that_is_gone() -> None:
    for service in SERVICES:
        bodies = {route.body.__name__ for route in service.routes if route.body is not None}

        assert set(getattr(service.module("openapi"), "EXAMPLES", {})) == bodies, service.name


class PaintRequest(msgspec.Struct):
    colour: str


def routes_with(path: str, body: type[msgspec.Struct] | None = None) -> Routes:
    def paint(_request: Request, body: PaintRequest) -> None:
        """Paint a door."""

    def look(_request: Request) -> None:
        """Look at a door."""

    routes = Routes()
    routes.add("POST", path, Access.PUBLIC, response=None)(paint if body else look)
    return routes


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        (
            routes_with("/doors/{door}"),
            "src/souk/basket/openapi.py: describe the parameter 'door' of POST /doors/{door}",
        ),
        (
            routes_with("/doors", PaintRequest),
            "src/souk/basket/openapi.py: add an example of PaintRequest",
        ),
    ],
)
def test_what_is_not_documented_is_named_with_its_file(
    monkeypatch: pytest.MonkeyPatch, routes: Routes, message: str
) -> None:
    monkeypatch.setattr("souk.basket.handlers.ROUTES", routes)

    with pytest.raises(UndocumentedRoute, match=re.escape(message)):
        contracts.openapi()


def test_errors_with_the_same_status_have_different_types() -> None:
    conflict = BY_KEY["POST /api/guest/basket/checkout"].response(409)["description"]

    assert "`basket-empty`" in conflict
    assert "`total-changed`" in conflict
