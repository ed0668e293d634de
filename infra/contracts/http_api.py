"""The HTTP API as an OpenAPI 3.1 document, generated from the route tables of the services."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import msgspec

from infra.access import NEEDS_ACCESS_TOKEN, Authorization, authorization_of
from infra.contracts.parameters import HEADERS, SHARED_PARAMETERS
from souk.kernel.errors import (
    ApiError,
    Busy,
    Forbidden,
    InternalError,
    InvalidHeader,
    InvalidQuery,
    InvalidRequest,
    Unauthorized,
)
from souk.runtime.http import InvalidJson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from souk.runtime.routes import Route
    from souk.services import Service

Json = dict[str, Any]
BodyType = type[msgspec.Struct]
Refs = dict[BodyType, Json]
"""The `$ref` of each body type."""

DESCRIPTION = (
    "The API of a web shop. Amounts are integers in minor units, times are UTC, and lists use "
    "cursor pagination. Errors are problem details (RFC 9457)."
)
SECURITY_SCHEMES: dict[Authorization, Json] = {
    "guest": {
        "type": "apiKey",
        "in": "header",
        "name": "Guest-Token",
        "description": "A random token that the client creates: 22 to 128 characters from "
        "A-Z a-z 0-9 _ -, with at least 128 random bits",
    },
    "customer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of the shop's user pool",
    },
    "staff": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of a user in the group `staff` or `admin`",
    },
}
AUTHORIZATION_TEXTS: dict[Authorization, str] = {
    "public": "Public; needs no authentication.",
    "guest": "For guests, who are identified by their guest token.",
    "customer": "For signed-in customers.",
    "staff": "For staff: needs the group `staff` or `admin`.",
}
GATEWAY_ERRORS: Json = {  # sent by API Gateway before a service gets the request
    "401": "The access token is missing, invalid or expired",
    "429": "Too many requests; try again in a moment",
}


class InvalidField(msgspec.Struct, frozen=True):
    """A JSON pointer into the body, or to a header or parameter, and what is wrong with it."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Problem details (RFC 9457). Some types have additional members."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[InvalidField] = []


class UndocumentedRoute(Exception):
    """A route cannot be documented. The message names the file to edit."""


class GatewayError(msgspec.Struct, frozen=True):
    """The body of an error that API Gateway sends."""

    message: str


def document(services: Sequence[Service], version: str) -> Json:
    """The document of all routes. A route with several prefixes has one operation per path."""
    all_routes = [(service, route) for service in services for route in service.routes]
    refs, schemas = _schemas([route for _, route in all_routes])
    paths: dict[str, Json] = {}
    for service, route in all_routes:
        for path in route.paths():
            paths.setdefault(path, {})[route.method.lower()] = _operation(
                service, route, path, refs
            )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Souk", "version": version, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": service.name, "description": service.description} for service in services
        ],
        "paths": paths,
        "components": {"schemas": schemas, "headers": HEADERS, "securitySchemes": SECURITY_SCHEMES},
    }


def _schemas(routes: list[Route]) -> tuple[Refs, Json]:
    """The schemas of all bodies, named by class, and by module too if two classes share a name."""
    bodies = {each for route in routes for each in (route.body, route.response) if each}
    body_types: list[BodyType] = [
        *sorted(bodies, key=lambda body: f"{body.__name__}{body}"),
        Problem,
        GatewayError,
    ]
    refs, schemas = msgspec.json.schema_components(
        body_types, ref_template="#/components/schemas/{name}"
    )
    return dict(zip(body_types, refs, strict=True)), schemas


def _operation(service: Service, route: Route, path: str, refs: Refs) -> Json:
    authorization = authorization_of(route, path)
    operation: Json = {
        "operationId": ("guest_" if authorization == "guest" else "") + route.handler.__name__,
        "summary": (inspect.getdoc(route.handler) or "").splitlines()[0],
        "description": AUTHORIZATION_TEXTS[authorization],
        "tags": [service.name],
        "parameters": list(_parameters(service, route)),
        "responses": _responses(route, authorization, refs),
    }
    if route.body is not None:
        example = example_of(service, route.body)
        content = {"schema": refs[route.body], "example": example}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if authorization != "public":
        operation["security"] = [{authorization: []}]
    return operation


def _parameters(service: Service, route: Route) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "in": "path", "required": True, **_described(service, route, name)}
    for name in route.query:
        yield {"name": name, "in": "query", **_described(service, route, name)}
    for name in route.headers:
        yield {"name": name, "in": "header", "required": True, **_described(service, route, name)}


def _described(service: Service, route: Route, name: str) -> Json:
    """Description, schema and example; a key such as `/returns?status` is for one path only."""
    own: dict[str, Json] = getattr(service.module("openapi"), "PARAMETERS", {})
    for parameters, key in ((own, f"{route.path}?{name}"), (own, name), (SHARED_PARAMETERS, name)):
        if key in parameters:
            return parameters[key]
    raise UndocumentedRoute(
        f"src/souk/{service.name}/openapi.py: describe the parameter '{name}' of"
        f" {route.method} {route.path} in PARAMETERS."
    )


def example_of(service: Service, body: BodyType) -> Json:
    """An example of a request body. Raises UndocumentedRoute."""
    examples: dict[str, Json] = getattr(service.module("openapi"), "EXAMPLES", {})
    if body.__name__ not in examples:
        raise UndocumentedRoute(
            f"src/souk/{service.name}/openapi.py: add an example of {body.__name__} to EXAMPLES."
        )
    return examples[body.__name__]


def _responses(route: Route, authorization: Authorization, refs: Refs) -> Json:
    responses = {str(route.status): _success_response(route, refs)}
    for status, errors in _errors_by_status(route, authorization).items():
        responses[str(status)] = _error_response(errors, refs)
    for code in ("401", "429") if authorization in NEEDS_ACCESS_TOKEN else ("429",):
        content = {"application/json": {"schema": refs[GatewayError]}}
        responses[code] = {"description": GATEWAY_ERRORS[code], "content": content}
    return dict(sorted(responses.items()))


def _success_response(route: Route, refs: Refs) -> Json:
    response: Json = {"description": "Success", "headers": _headers(*_success_headers(route))}
    if route.response is not None:
        response["content"] = {"application/json": {"schema": refs[route.response]}}
    return response


def _success_headers(route: Route) -> Iterator[str]:
    """ETag for a resource with a version, Location for one that is created or accepted."""
    if route.response is not None and "version" in route.response.__struct_fields__:
        yield "ETag"
    if route.status in (201, 202):
        yield "Location"


def _error_response(errors: list[type[ApiError]], refs: Refs) -> Json:
    headers = ["Retry-After"] if any(error.retry_after for error in errors) else []
    return {
        "description": "; ".join(f"`{error.slug}`: {error.title}" for error in errors),
        "headers": _headers(*headers),
        "content": {"application/problem+json": {"schema": refs[Problem]}},
    }


def _errors_by_status(
    route: Route, authorization: Authorization
) -> dict[int, list[type[ApiError]]]:
    """The errors that the route declares, and those that any route of its kind can return."""
    errors: list[type[ApiError]] = [*route.errors]
    errors += [Unauthorized] if authorization == "guest" else []
    errors += [Forbidden] if authorization == "staff" else []
    errors += [InvalidJson, InvalidRequest] if route.body is not None else []
    errors += [InvalidQuery] if route.query else []
    errors += [InvalidHeader] if route.headers else []
    errors += [InternalError, *([] if Busy in errors else [Busy])]
    by_status: dict[int, list[type[ApiError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return by_status


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("Correlation-Id", *names)}
