"""Errors that several services raise. `ApiError` and its subclasses reach the caller as problem
details (RFC 9457)."""

from __future__ import annotations

from typing import Any


class ConcurrentUpdate(Exception):
    """The row changed between read and write; nothing was written. Read again and retry."""


class ApiError(Exception):
    """An error that the API reports to its caller.

    A subclass states its HTTP `status`, its `slug` (last part of the problem type) and its
    `title`. `detail` says what to do; `members` are extension members of the problem document.
    """

    status = 400
    slug = "bad-request"
    title = "Bad request"
    retry_after: int | None = None  # seconds; set when repeating the request later can succeed

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.members = members

    def problem(self) -> dict[str, Any]:
        """The problem document: type, title, status, detail and the extension members."""
        return {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            **self.members,
        }


class NotFound(ApiError):
    status = 404
    slug = "not-found"
    title = "Not found"


class Conflict(ApiError):
    """The request is valid but does not fit the current state."""

    status = 409
    slug = "conflict"
    title = "Conflict"


class InvalidRequest(ApiError):
    """The member `errors` lists each invalid field: a JSON pointer and a detail."""

    status = 422
    slug = "invalid-request"
    title = "Invalid request"

    @classmethod
    def field(cls, pointer: str, detail: str) -> InvalidRequest:
        """The error of a single field; `pointer` is a JSON pointer (RFC 6901)."""
        return cls(detail, errors=[{"pointer": pointer, "detail": detail}])


class InvalidHeader(InvalidRequest):
    status = 400
    slug = "invalid-header"
    title = "Invalid header"


class InvalidQuery(InvalidRequest):
    status = 400
    slug = "invalid-query"
    title = "Invalid query parameter"


class IdempotencyKeyReused(InvalidRequest):
    """The key was used before, with a different request."""

    slug = "idempotency-key-reused"
    title = "Idempotency key reused"


class Unauthorized(ApiError):
    status = 401
    slug = "unauthorized"
    title = "Authentication required"


class Forbidden(ApiError):
    status = 403
    slug = "forbidden"
    title = "Forbidden"


class PreconditionFailed(ApiError):
    """`If-Match` names a version that is no longer the current one."""

    status = 412
    slug = "precondition-failed"
    title = "Precondition failed"


class PreconditionRequired(ApiError):
    """A change of a versioned resource needs `If-Match` (RFC 6585)."""

    status = 428
    slug = "precondition-required"
    title = "Precondition required"


class Busy(ApiError):
    """Too many concurrent updates of one item, or throttling.

    Nothing of this write was changed. If the work has several steps, those written before stay.
    """

    status = 503
    slug = "busy"
    title = "Service busy"
    retry_after = 1


class InternalError(ApiError):
    """A defect of the shop. The log has the details; the caller gets none."""

    status = 500
    slug = "internal-error"
    title = "Internal server error"
