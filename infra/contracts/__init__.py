"""The shop's contracts as documents, made from the route tables and the fact classes."""

from __future__ import annotations

from typing import Any

from infra.contracts import bus, http_api, mails, orders
from infra.contracts.compatibility import breaking_changes
from souk.basket import events as basket_events
from souk.basket import handlers as basket
from souk.catalog import events as catalog_events
from souk.catalog import handlers as catalog
from souk.delivery import events as delivery_events
from souk.delivery import handlers as delivery
from souk.inventory import events as inventory_events
from souk.inventory import handlers as inventory
from souk.journal import handlers as journal
from souk.notification import handlers as notification
from souk.ordering import events as ordering_events
from souk.ordering import handlers as ordering
from souk.payment import events as payment_events
from souk.payment import handlers as payment
from souk.watch import handlers as watch

__all__ = [
    "breaking_changes",
    "events_json",
    "events_markdown",
    "mails_markdown",
    "openapi",
    "orders_markdown",
]

VERSION = "0.1.0"
ROOMS = {
    "catalog": catalog,
    "basket": basket,
    "inventory": inventory,
    "payment": payment,
    "ordering": ordering,
    "delivery": delivery,
    "journal": journal,
    "watch": watch,
}
LISTENERS = {"notification": notification}
"""Rooms without routes."""
SAYS = {
    "catalog": catalog_events,
    "basket": basket_events,
    "inventory": inventory_events,
    "payment": payment_events,
    "ordering": ordering_events,
    "delivery": delivery_events,
}


def openapi() -> dict[str, Any]:
    """The HTTP API as an OpenAPI 3.1 document."""
    return http_api.document({name: room.ROUTES for name, room in ROOMS.items()}, VERSION)


def events_json() -> dict[str, Any]:
    """The facts as an AsyncAPI 3.0 document: one channel, the bus."""
    return bus.document(_said(), VERSION)


def events_markdown() -> str:
    """The facts for people: who says and hears each, and what it carries."""
    return bus.markdown(_said())


def orders_markdown() -> str:
    """An order's states and its checkout workflow for people."""
    return orders.markdown()


def mails_markdown() -> str:
    """Each mail as its reader sees it."""
    return mails.markdown()


def _said() -> list[bus.Said]:
    hears = {name: getattr(room, "HEARS", {}) for name, room in (ROOMS | LISTENERS).items()}
    return bus.said(SAYS, hears)
