"""The events on the bus: as an AsyncAPI 3.0 document and as a Markdown page."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from souk.kernel import events
from souk.kernel.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from souk.services import Service

Json = dict[str, Any]

STRING = {"type": "string"}


class PublishedEvent(NamedTuple):
    """An event class with the services that publish and subscribe to it."""

    event: type[Event]
    publisher: str
    subscribers: list[str]

    @property
    def description(self) -> str:
        return inspect.getdoc(self.event) or ""


def published_events(services: Sequence[Service]) -> list[PublishedEvent]:
    """All events of the services, in order of declaration."""
    return [
        PublishedEvent(event, publisher.name, _subscribers(event, services))
        for publisher in services
        for event in publisher.events
    ]


def _subscribers(event: type[Event], services: Sequence[Service]) -> list[str]:
    """A subscription to `Event` itself is one to every event."""
    return [service.name for service in services if {event, Event} & service.subscriptions.keys()]


def document(published: list[PublishedEvent], version: str) -> Json:
    """The AsyncAPI document: one channel, the bus, with one message per event."""
    refs, schemas = msgspec.json.schema_components(
        [each.event for each in published], ref_template="#/components/schemas/{name}"
    )
    messages = {
        each.event.__name__: {
            "name": each.event.__name__,
            "summary": each.description.splitlines()[0],
            "x-source": events.source_of(each.event),
            "x-subscribers": each.subscribers,
            "payload": _envelope_schema(ref),
        }
        for each, ref in zip(published, refs, strict=True)
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Souk: events on the bus", "version": version},
        "channels": {"bus": {"address": "EventBridge", "messages": messages}},
        "operations": {},
        "components": {"schemas": schemas},
    }


def _envelope_schema(data: Json) -> Json:
    return {
        "type": "object",
        "required": ["id", "time", "correlation_id", "data"],
        "properties": {
            "id": STRING,
            "time": STRING,
            "correlation_id": STRING,
            "causation_id": {"type": ["string", "null"]},
            "data": data,
        },
    }


def markdown(published: list[PublishedEvent]) -> str:
    """The page `docs/events.md`."""
    return "\n".join(_page(published)) + "\n"


def _page(published: list[PublishedEvent]) -> Iterator[str]:
    yield "# Events"
    yield ""
    yield "Generated from the event classes by `./souk events > docs/events.md`; do not edit."
    yield ""
    yield "Events are published on EventBridge. The fields of an EventBridge event are:"
    yield ""
    yield "- `source`: the service that publishes it, such as `souk.basket`."
    yield "- `detail-type`: the name of the event."
    yield "- `detail`: the envelope `{id, time, correlation_id, causation_id, data}`. The tables"
    yield "  below list the fields of `data`."
    yield ""
    yield "Events are delivered at least once, in any order. An event may get new optional fields."
    yield "Any other change needs a new event, which is published in addition to the old one."
    for service in dict.fromkeys(each.publisher for each in published):
        yield f"\n## {service}"
        for each in published:
            if each.publisher == service:
                yield from _section(each)


def _section(published: PublishedEvent) -> Iterator[str]:
    subscribers = ", ".join(published.subscribers) or "none"
    yield f"\n### {published.event.__name__}\n"
    yield published.description
    yield f"\nPublished by {published.publisher}. Subscribers: {subscribers}.\n"
    yield "| Field | Type |"
    yield "|---|---|"
    for field in published.event.__struct_fields__:
        yield f"| `{field}` | {_type_name(published.event.__annotations__[field])} |"


def _type_name(annotation: object) -> str:
    return str(annotation).replace("|", "or")
