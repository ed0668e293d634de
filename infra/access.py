"""The authorization that each path of a route requires, for the API and for OpenAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from souk.runtime.routes import Access

if TYPE_CHECKING:
    from souk.runtime.routes import Route

Authorization = Literal["public", "guest", "customer", "staff"]
NEEDS_ACCESS_TOKEN: tuple[Authorization, ...] = ("customer", "staff")


def authorization_of(route: Route, path: str) -> Authorization:
    """The authorization that `path`, one of the route's paths, requires."""
    match route.access:
        case Access.PUBLIC:
            return "public"
        case Access.VISITOR:
            return "guest" if path.startswith("/api/guest/") else "customer"
        case Access.CUSTOMER:
            return "customer"
        case Access.STAFF:
            return "staff"
