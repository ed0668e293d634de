"""Events and the envelope in which they travel over the bus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from souk.kernel.clock import now, timestamp
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_EVENT_BYTES = 240_000
"""Largest `detail` of one event, and of all events of one PutEvents call together.

EventBridge and SQS accepted 256 KB until 2026, including source, type and attributes.
"""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. Named in the past tense.

    It carries no personal data: ids instead of names and addresses.
    """


EventT = TypeVar("EventT", bound=Event)
Subscriptions = Mapping[type[Event], Callable[[Any], None]]
"""The events that a service subscribes to: event class to handler.

The key `Event` subscribes to every event of every service, future ones included. It needs
timeline's `batch_consumer`, which calls the handler with a list of `ReceivedEvent`;
`queue_consumer` does not support it.
"""


class ReceivedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it came over the bus, for a service that subscribes to all of them."""

    name: str
    source: str
    id: str
    time: str
    correlation_id: str
    causation_id: str | None = None
    data: dict[str, Any]

    @property
    def service(self) -> str:
        return self.source.rpartition(".")[2]


class Cause(NamedTuple):
    """Why work is done: the correlation id it belongs to and the id of the event that caused it."""

    correlation_id: str
    causation_id: str | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The `detail` of an EventBridge event: the event in `data`, its id, time and cause.

    `id` and `time` (UTC, ISO 8601) are given when the event is written to the outbox. They are not
    EventBridge's own.
    """

    id: str
    time: str
    correlation_id: str
    causation_id: str | None = None
    data: msgspec.Raw


_cause: ContextVar[Cause | None] = ContextVar("cause", default=None)


@contextmanager
def caused_by(cause: Cause) -> Iterator[None]:
    """Events enveloped and commands invoked inside this block carry `cause`.

    Not in threads that are started inside.
    """
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


def current_cause() -> Cause:
    """The cause set by `caused_by`. Outside of it, each call returns a new correlation id."""
    return _cause.get() or Cause(correlation_id=new_id())


def source_of(event_type: type[Event]) -> str:
    """The bus source: the package that declares the class, such as `souk.basket`."""
    return event_type.__module__.rpartition(".")[0]


def to_envelope(event: Event) -> Envelope:
    cause = current_cause()
    return Envelope(
        id=new_id(),
        time=timestamp(now()),
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id,
        data=msgspec.Raw(msgspec.json.encode(event)),
    )


def parse_event(event_type: type[EventT], detail: Any) -> tuple[EventT, Cause]:
    """The event in a bus event's `detail`, and the cause for whatever handling it leads to.

    Ignores unknown fields, so a publisher may add some.
    Raises msgspec.ValidationError when a field is missing or has another type, and KeyError or
    TypeError when `detail` is no envelope.
    """
    event = msgspec.convert(detail["data"], event_type)
    return event, Cause(correlation_id=detail["correlation_id"], causation_id=detail["id"])
