"""The route table: one list from which requests are dispatched, the API is built and described."""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, get_type_hints

import msgspec

from souk.kernel.errors import (
    InvalidHeader,
    InvalidQuery,
    PreconditionRequired,
    Refusal,
    Unauthorized,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_PAGE = 24
_LIMIT = re.compile(r"[1-9][0-9]?|100")
_GUEST_TOKEN = re.compile(r"^[A-Za-z0-9_-]{22,128}$")  # 22 base64 characters hold 128 bits
_KEY = re.compile(r"^[\x21-\x7e]{1,64}$")
_ETAG = re.compile(r'^(?:W/)?"(\d{1,12})"$')


class Access(Enum):
    """Who may call a route, and so under which path prefixes it stands."""

    PUBLIC = "everybody", ("/api",)
    VISITOR = "a guest by token, or a signed-in customer", ("/api/guest", "/api")
    CUSTOMER = "a signed-in customer", ("/api",)
    STAFF = "a member of staff", ("/api/staff",)

    @property
    def prefixes(self) -> tuple[str, ...]:
        prefixes: tuple[str, ...] = self.value[1]
        return prefixes


class Caller(NamedTuple):
    """Who asks. `owner` names a visitor's baskets and orders; it tells nothing about a person."""

    owner: str
    prefix: str


class Call(NamedTuple):
    """One request, as a handler sees it."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    caller: Caller | None = None
    body: bytes = b""
    """As it was sent, byte by byte: what a signature is of."""

    @property
    def visitor(self) -> Caller:
        if self.caller is None:
            raise LookupError("this route is open to everybody: nobody is named")
        return self.caller

    def guest(self) -> str:
        """The owner named by `Guest-Token`; raises Unauthorized without one.

        Only the token's hash is ever stored or sent: who reads the tables cannot be the guest.
        """
        token = self.headers.get("guest-token", "")
        if not _GUEST_TOKEN.match(token):
            raise Unauthorized("send a Guest-Token header of 22 to 128 characters A-Z a-z 0-9 _ -")
        return f"guest-{hashlib.sha256(token.encode()).hexdigest()[:40]}"

    def seen_version(self) -> int:
        """The version in `If-Match`; raises PreconditionRequired without one."""
        header = self.headers.get("if-match")
        if header is None:
            raise PreconditionRequired("send If-Match with the ETag of what you read")
        match = _ETAG.match(header)
        if match is None:
            raise InvalidHeader.field("/If-Match", 'If-Match must be an ETag such as "3"')
        return int(match[1])

    def idempotency_key(self) -> str:
        """What makes a second click the same request; raises InvalidHeader without one."""
        key = self.headers.get("idempotency-key", "")
        if not _KEY.match(key):
            raise InvalidHeader.field(
                "/Idempotency-Key", "send an Idempotency-Key of 1 to 64 visible ASCII characters"
            )
        return key

    def limit(self) -> int:
        """The page size asked for: 1 to 100."""
        text = self.query.get("limit", str(DEFAULT_PAGE))
        if not _LIMIT.fullmatch(text):
            raise InvalidQuery.field("/limit", "limit must be a number from 1 to 100")
        return int(text)


class Answer(NamedTuple):
    """What a handler answers when a body with status 200 does not say it all."""

    body: msgspec.Struct | None
    status: int = 200
    headers: Mapping[str, str] = {}


class Route(NamedTuple):
    """One operation: `path` is without its prefix, such as `/basket/items/{sku}`."""

    method: str
    path: str
    access: Access
    handler: Callable[..., Any]
    answer: type[msgspec.Struct] | None
    status: int
    refusals: tuple[type[Refusal], ...]
    query: tuple[str, ...]
    headers: tuple[str, ...]

    @property
    def body(self) -> type[msgspec.Struct] | None:
        hints = get_type_hints(self.handler)
        return hints.get("body")

    def paths(self) -> list[str]:
        return [prefix + self.path for prefix in self.access.prefixes]


class Routes(list[Route]):
    """A room's routes, in the order they were declared."""

    def add(
        self,
        method: str,
        path: str,
        access: Access,
        *,
        answer: type[msgspec.Struct] | None,
        status: int = 200,
        refusals: tuple[type[Refusal], ...] = (),
        query: tuple[str, ...] = (),
        headers: tuple[str, ...] = (),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a handler `(call)` or `(call, body: SomeStruct)` for a route.

        `answer` and `status` are those of success; `refusals` what else the docs must name.
        """

        def declare(handler: Callable[..., Any]) -> Callable[..., Any]:
            self.append(
                Route(method, path, access, handler, answer, status, refusals, query, headers)
            )
            return handler

        return declare
