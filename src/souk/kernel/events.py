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

MAX_BYTES = 240_000
"""Size limit of an enveloped event: bus and queues take 256 KB, attributes included."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is now true. Named in the past tense; carries ids and typed values only."""


EventT = TypeVar("EventT", bound=Event)
Subscriptions = Mapping[type[Event], Callable[[Any], None]]
"""The events a service subscribes to: event class to use case.

`Event` itself subscribes to every event of every service, future ones included; they arrive
as `ReceivedEvent`.
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
    """The `detail` of an EventBridge event: the event in `data`, its id, time and cause."""

    id: str
    time: str
    correlation_id: str
    causation_id: str | None = None
    data: msgspec.Raw


_cause: ContextVar[Cause | None] = ContextVar("cause", default=None)


@contextmanager
def caused_by(cause: Cause) -> Iterator[None]:
    """Events enveloped inside this block carry `cause`."""
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


def current_cause() -> Cause:
    """The cause set by `caused_by`; outside of it, a new correlation id."""
    return _cause.get() or Cause(correlation_id=new_id())


def source_of(event: type[Event]) -> str:
    """The bus source: the package that declares the class, such as `souk.basket`."""
    return event.__module__.rpartition(".")[0]


def to_envelope(event: Event) -> Envelope:
    cause = current_cause()
    return Envelope(
        id=new_id(),
        time=timestamp(now()),
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id,
        data=msgspec.Raw(msgspec.json.encode(event)),
    )


def parse_event(event: type[EventT], detail: Any) -> tuple[EventT, Cause]:
    """The event in a bus event's `detail`, and the cause for whatever handling it leads to.

    Ignores unknown fields, so a publisher may add some.
    Raises msgspec.ValidationError when a field is missing or has another type.
    """
    data = msgspec.convert(detail["data"], event)
    return data, Cause(correlation_id=detail["correlation_id"], causation_id=detail["id"])
