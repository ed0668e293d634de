"""Documents of the shop's contracts, generated from route tables, event classes and templates."""

from __future__ import annotations

from typing import Any

from infra.contracts import bus, emails, http_api, orders
from infra.contracts.compatibility import breaking_changes
from souk.services import SERVICES

__all__ = [
    "breaking_changes",
    "emails_markdown",
    "events_json",
    "events_markdown",
    "openapi",
    "orders_markdown",
]

VERSION = "0.1.0"


def openapi() -> dict[str, Any]:
    """The HTTP API as an OpenAPI 3.1 document."""
    return http_api.document([service for service in SERVICES if service.routes], VERSION)


def events_json() -> dict[str, Any]:
    """The events as an AsyncAPI 3.0 document."""
    return bus.document(bus.published_events(SERVICES), VERSION)


def events_markdown() -> str:
    """The events as Markdown: description, publisher, subscribers and fields of each."""
    return bus.markdown(bus.published_events(SERVICES))


def orders_markdown() -> str:
    """The statuses of an order and the checkout workflow as Markdown."""
    return orders.markdown()


def emails_markdown() -> str:
    """The text of each email as Markdown."""
    return emails.markdown()
