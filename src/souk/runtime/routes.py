"""The route table: requests are dispatched from it, the API is deployed and documented from it."""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

import msgspec

from souk.kernel.errors import (
    ApiError,
    InvalidHeader,
    InvalidQuery,
    PreconditionRequired,
    Unauthorized,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_PAGE_SIZE = 24
_LIMIT = re.compile(r"[1-9][0-9]?|100")
_GUEST_TOKEN = re.compile(r"^[A-Za-z0-9_-]{22,128}$")  # 22 base64 characters hold 128 bits
_IDEMPOTENCY_KEY = re.compile(r"^[\x21-\x7e]{1,64}$")
_ETAG = re.compile(r'^(?:W/)?"(\d{1,12})"$')


class Access(Enum):
    """Who may call a route; this also decides its path prefixes."""

    PUBLIC = "everybody", ("/api",)
    VISITOR = "a guest by token, or a signed-in customer", ("/api/guest", "/api")
    CUSTOMER = "a signed-in customer", ("/api",)
    STAFF = "a member of staff", ("/api/staff",)

    @property
    def prefixes(self) -> tuple[str, ...]:
        prefixes: tuple[str, ...] = self.value[1]
        return prefixes


class Caller(NamedTuple):
    """Who sends a request. `owner` identifies baskets and orders and holds no personal data."""

    owner: str
    prefix: str


class Request(NamedTuple):
    """An HTTP request as a handler sees it. Header names are in lower case."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    identity: Caller | None = None
    body: bytes = b""
    """The body as received: signatures are computed over these bytes."""

    @property
    def caller(self) -> Caller:
        """Raises LookupError on a public route, where callers are anonymous."""
        if self.identity is None:
            raise LookupError("a public route has no caller")
        return self.identity

    def guest_owner(self) -> str:
        """The owner that `Guest-Token` identifies. Raises Unauthorized without a valid token.

        Only a hash of the token is stored or sent on: read access to the tables is not enough
        to act as the guest.
        """
        token = self.headers.get("guest-token", "")
        if not _GUEST_TOKEN.match(token):
            raise Unauthorized(
                "Send a Guest-Token header of 22 to 128 characters from A-Z a-z 0-9 _ -."
            )
        return f"guest-{hashlib.sha256(token.encode()).hexdigest()[:40]}"

    def expected_version(self) -> int:
        """The version in `If-Match`. Raises PreconditionRequired, InvalidHeader."""
        header = self.headers.get("if-match")
        if header is None:
            raise PreconditionRequired("Send If-Match with the ETag of the version you read.")
        match = _ETAG.match(header)
        if match is None:
            raise InvalidHeader.field("/If-Match", 'If-Match must be an ETag such as "3".')
        return int(match[1])

    def idempotency_key(self) -> str:
        """The `Idempotency-Key` header. Raises InvalidHeader without a valid one."""
        key = self.headers.get("idempotency-key", "")
        if not _IDEMPOTENCY_KEY.match(key):
            raise InvalidHeader.field(
                "/Idempotency-Key", "Send an Idempotency-Key of 1 to 64 visible ASCII characters."
            )
        return key

    def limit(self) -> int:
        """The requested page size, 1 to 100. Raises InvalidQuery."""
        limit = self.query.get("limit", str(DEFAULT_PAGE_SIZE))
        if not _LIMIT.fullmatch(limit):
            raise InvalidQuery.field("/limit", "limit must be a number from 1 to 100.")
        return int(limit)


class Response(NamedTuple):
    """For a handler whose response is more than a body with the route's status."""

    body: msgspec.Struct | None
    status: int = 200
    headers: Mapping[str, str] = {}


class Route(NamedTuple):
    """One operation. `path` has no prefix: `/basket/items/{sku}`."""

    method: str
    path: str
    access: Access
    handler: Callable[..., Any]
    response: type[msgspec.Struct] | None
    status: int
    errors: tuple[type[ApiError], ...]
    query: tuple[str, ...]
    headers: tuple[str, ...]

    @property
    def body(self) -> type[msgspec.Struct] | None:
        hints = get_type_hints(self.handler)
        return hints.get("body")

    def paths(self) -> list[str]:
        return [prefix + self.path for prefix in self.access.prefixes]


class Routes(list[Route]):
    """A service's routes in order of declaration."""

    def add(
        self,
        method: str,
        path: str,
        access: Access,
        *,
        response: type[msgspec.Struct] | None,
        status: int = 200,
        errors: tuple[type[ApiError], ...] = (),
        query: tuple[str, ...] = (),
        headers: tuple[str, ...] = (),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declares a handler: `(request)`, or `(request, body: SomeStruct)` for a JSON body.

        `response` and `status` describe success. `errors` lists the errors to document besides
        those that any route of its kind can return.
        """

        def declare(handler: Callable[..., Any]) -> Callable[..., Any]:
            self.append(
                Route(method, path, access, handler, response, status, errors, query, headers)
            )
            return handler

        return declare
