"""Who may come in where: one answer for the deployed API and for its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from souk.edges.routes import Access

if TYPE_CHECKING:
    from souk.edges.routes import Route

Door = Literal["open", "guest", "customer", "staff"]
SIGNED_IN: tuple[Door, ...] = ("customer", "staff")


def door(route: Route, path: str) -> Door:
    """What `path`, one of the route's, asks of a caller."""
    match route.access:
        case Access.PUBLIC:
            return "open"
        case Access.VISITOR:
            return "guest" if path.startswith("/api/guest/") else "customer"
        case Access.CUSTOMER:
            return "customer"
        case Access.STAFF:
            return "staff"
