"""Documents of the shop's contracts, generated from route tables, event classes and templates."""

from __future__ import annotations

from typing import Any

from infra.contracts import bus, emails, http_api, orders
from infra.contracts.compatibility import breaking_changes
from souk.basket import events as basket_events
from souk.basket import handlers as basket
from souk.catalog import events as catalog_events
from souk.catalog import handlers as catalog
from souk.delivery import events as delivery_events
from souk.delivery import handlers as delivery
from souk.inventory import events as inventory_events
from souk.inventory import handlers as inventory
from souk.notification import handlers as notification
from souk.operations import handlers as operations
from souk.ordering import events as ordering_events
from souk.ordering import handlers as ordering
from souk.payment import events as payment_events
from souk.payment import handlers as payment
from souk.timeline import handlers as timeline

__all__ = [
    "breaking_changes",
    "emails_markdown",
    "events_json",
    "events_markdown",
    "openapi",
    "orders_markdown",
]

VERSION = "0.1.0"
SERVICES = {
    "catalog": catalog,
    "basket": basket,
    "inventory": inventory,
    "payment": payment,
    "ordering": ordering,
    "delivery": delivery,
    "timeline": timeline,
    "operations": operations,
}
SERVICES_WITHOUT_ROUTES = {"notification": notification}
EVENTS = {
    "catalog": catalog_events,
    "basket": basket_events,
    "inventory": inventory_events,
    "payment": payment_events,
    "ordering": ordering_events,
    "delivery": delivery_events,
}


def openapi() -> dict[str, Any]:
    """The HTTP API as an OpenAPI 3.1 document."""
    return http_api.document({name: service.ROUTES for name, service in SERVICES.items()}, VERSION)


def events_json() -> dict[str, Any]:
    """The events as an AsyncAPI 3.0 document."""
    return bus.document(_published_events(), VERSION)


def events_markdown() -> str:
    """The events as Markdown: description, publisher, subscribers and fields of each."""
    return bus.markdown(_published_events())


def orders_markdown() -> str:
    """The statuses of an order and the checkout workflow as Markdown."""
    return orders.markdown()


def emails_markdown() -> str:
    """The text of each email as Markdown."""
    return emails.markdown()


def _published_events() -> list[bus.PublishedEvent]:
    subscriptions = {
        name: getattr(service, "SUBSCRIPTIONS", {})
        for name, service in (SERVICES | SERVICES_WITHOUT_ROUTES).items()
    }
    return bus.published_events(EVENTS, subscriptions)
