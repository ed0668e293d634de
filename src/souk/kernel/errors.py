"""Refusals: what a caller may be told, as RFC 9457 problem details."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """The shop says no, and why.

    A subclass states its HTTP `status`, its `slug` (the last part of the problem type)
    and its `title`; `members` are extension members of the problem document.
    """

    status = 400
    slug = "refused"
    title = "The request was refused"
    retry_after: int | None = None  # seconds; set when asking again later may help

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.members = members

    def problem(self) -> dict[str, Any]:
        """The problem document (RFC 9457)."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            **self.members,
        }


class NotFound(Refusal):
    status = 404
    slug = "not-found"
    title = "There is no such thing here"


class Conflict(Refusal):
    status = 409
    slug = "conflict"
    title = "The request does not fit the present state"


class Invalid(Refusal):
    """`errors` names each bad field: a JSON pointer and what is wrong with it."""

    status = 422
    slug = "invalid-body"
    title = "The request cannot be understood"

    @classmethod
    def field(cls, pointer: str, detail: str) -> Invalid:
        return cls(detail, errors=[{"pointer": pointer, "detail": detail}])


class InvalidHeader(Invalid):
    status = 400
    slug = "invalid-header"


class InvalidQuery(Invalid):
    status = 400
    slug = "invalid-query"


class Unauthorized(Refusal):
    status = 401
    slug = "unauthorized"
    title = "Say who you are"


class Forbidden(Refusal):
    status = 403
    slug = "forbidden"
    title = "This is not yours to do"


class ChangedMeanwhile(Refusal):
    status = 412
    slug = "changed-meanwhile"
    title = "It was changed since you read it"


class PreconditionRequired(Refusal):
    status = 428
    slug = "precondition-required"
    title = "Say which version you read"


class Busy(Refusal):
    """Others kept writing the same item; nothing was changed."""

    status = 503
    slug = "busy"
    title = "Too many changes at once"
    retry_after = 1


class Failure(Refusal):
    """Our own mistake: the caller learns nothing of its inside."""

    status = 500
    slug = "internal"
    title = "The shop failed"
