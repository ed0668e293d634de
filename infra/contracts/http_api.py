"""The HTTP API as an OpenAPI 3.1 document, from the rooms' route tables."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from infra.access import Door, door
from infra.contracts.parameters import BODIES, HEADERS, PARAMETERS
from souk.edges.http import NotJson
from souk.kernel.errors import (
    Busy,
    Failure,
    Forbidden,
    Invalid,
    InvalidHeader,
    InvalidQuery,
    Refusal,
    Unauthorized,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from souk.edges.routes import Route, Routes

Json = dict[str, Any]
Kind = type[msgspec.Struct]
Refs = dict[Kind, Json]

ABOUT = (
    "A shop. Money is an integer of minor units; times are UTC; lists are paged by cursor. "
    "Whatever is refused is answered with problem details (RFC 9457)."
)
SIGN_IN: dict[Door, Json] = {
    "guest": {
        "type": "apiKey",
        "in": "header",
        "name": "Guest-Token",
        "description": "22 to 128 characters A-Z a-z 0-9 _ - of your own making, 128 random bits",
    },
    "customer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the shop's user pool",
    },
    "staff": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of somebody in the group `staff` or `admin`",
    },
}
NEEDS: dict[Door, str] = {
    "open": "Open to everybody.",
    "guest": "For guests, who are named by their token.",
    "customer": "For signed-in customers.",
    "staff": "Needs a member of staff: group `staff` or `admin`.",
}
AT_THE_DOOR: Json = {  # said by the gateway, before the shop is asked
    "401": "Without a token, or with one that is not (or no longer) good",
    "429": "More requests than the shop takes; try again in a moment",
}


class BadField(msgspec.Struct, frozen=True):
    """A JSON pointer into the body, or the name of a header or parameter, and what is wrong."""

    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details; some types carry further members."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[BadField] = []


class Message(msgspec.Struct, frozen=True):
    """What the gateway says by itself."""

    message: str


def document(rooms: Mapping[str, Routes], version: str) -> Json:
    """The document of all rooms' routes, at every path they stand under."""
    routes = [(room, route) for room, table in rooms.items() for route in table]
    refs, schemas = _schemas([route for _, route in routes])
    paths: dict[str, Json] = {}
    for room, route in routes:
        for path in route.paths():
            paths.setdefault(path, {})[route.method.lower()] = _operation(room, route, path, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Souk", "version": version, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": room, "description": _about(room)} for room in rooms],
        "paths": paths,
        "components": {"schemas": schemas, "headers": HEADERS, "securitySchemes": SIGN_IN},
    }


def _schemas(routes: list[Route]) -> tuple[Refs, Json]:
    """How each body is referred to: by its class, or by its module too where two share a name."""
    bodies = {kind for route in routes for kind in (route.body, route.answer) if kind}
    kinds: list[Kind] = [
        *sorted(bodies, key=lambda kind: f"{kind.__name__}{kind}"),
        Problem,
        Message,
    ]
    refs, schemas = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}"
    )
    return dict(zip(kinds, refs, strict=True)), schemas


def _about(room: str) -> str:
    return inspect.getdoc(import_module(f"souk.{room}")) or ""


def _operation(room: str, route: Route, path: str, refs: Refs) -> Json:
    who = door(route, path)
    operation: Json = {
        "operationId": ("guest_" if who == "guest" else "") + route.handler.__name__,
        "summary": (inspect.getdoc(route.handler) or "").splitlines()[0],
        "description": NEEDS[who],
        "tags": [room],
        "parameters": list(_parameters(route)),
        "responses": _responses(route, who, refs),
    }
    if route.body is not None:
        example = BODIES[route.body.__name__]
        content = {"schema": refs[route.body], "example": example}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if who != "open":
        operation["security"] = [{who: []}]
    return operation


def _parameters(route: Route) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "in": "path", "required": True, **PARAMETERS[name]}
    for name in route.query:
        yield {"name": name, "in": "query", **PARAMETERS[name]}
    for name in route.headers:
        yield {"name": name, "in": "header", "required": True, **PARAMETERS[name]}


def _responses(route: Route, who: Door, refs: Refs) -> Json:
    responses = {str(route.status): _success(route, refs)}
    for status, kinds in _refusals(route, who).items():
        responses[str(status)] = _refused(kinds, refs)
    for code in ("429",) if who in ("open", "guest") else ("401", "429"):
        content = {"application/json": {"schema": refs[Message]}}
        responses[code] = {"description": AT_THE_DOOR[code], "content": content}
    return dict(sorted(responses.items()))


def _success(route: Route, refs: Refs) -> Json:
    answer: Json = {"description": "Done", "headers": _headers(*_sent_with(route))}
    if route.answer is not None:
        answer["content"] = {"application/json": {"schema": refs[route.answer]}}
    return answer


def _sent_with(route: Route) -> Iterator[str]:
    """What has a version is sent with its ETag, what is made or promised with its Location."""
    if route.answer is not None and "version" in route.answer.__struct_fields__:
        yield "ETag"
    if route.status in (201, 202):
        yield "Location"


def _refused(kinds: list[type[Refusal]], refs: Refs) -> Json:
    waits = ["Retry-After"] if any(kind.retry_after for kind in kinds) else []
    return {
        "description": "; ".join(f"`{kind.slug}`: {kind.title}" for kind in kinds),
        "headers": _headers(*waits),
        "content": {"application/problem+json": {"schema": refs[Problem]}},
    }


def _refusals(route: Route, who: Door) -> dict[int, list[type[Refusal]]]:
    kinds: list[type[Refusal]] = [*route.refusals]
    kinds += [Unauthorized] if who == "guest" else []
    kinds += [Forbidden] if who == "staff" else []
    kinds += [NotJson, Invalid] if route.body is not None else []
    kinds += [InvalidQuery] if route.query else []
    kinds += [InvalidHeader] if route.headers else []
    kinds += [Failure, *([] if Busy in kinds else [Busy])]
    found: dict[int, list[type[Refusal]]] = {}
    for kind in kinds:
        found.setdefault(kind.status, []).append(kind)
    return found


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("Correlation-Id", *names)}
