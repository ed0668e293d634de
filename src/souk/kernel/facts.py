"""Facts: what a room says on the bus, and the envelope they travel in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from souk.kernel.clock import now, stamp
from souk.kernel.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 240_000
"""No fact is larger, so that with its envelope it passes any bus and queue (256 KB)."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is now true. Named in the past tense; ids and values only."""


FactT = TypeVar("FactT", bound=Fact)
Hears = Mapping[type[Fact], Callable[[Any], None]]
"""What a room listens to: the fact's class, and the use case it sets off.

`Fact` itself stands for every fact of every room, those to come too: see Heard.
"""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as it came over the bus, for a room that hears them all and knows no class."""

    name: str
    source: str
    id: str
    time: str
    correlation_id: str
    causation_id: str | None = None
    data: dict[str, Any]

    @property
    def room(self) -> str:
        return self.source.rpartition(".")[2]


class Cause(NamedTuple):
    """Why work is being done: the journey it belongs to, and the fact that set it off."""

    correlation_id: str
    causation_id: str | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The `detail` of a bus event: `data` is the fact, the rest says where it comes from."""

    id: str
    time: str
    correlation_id: str
    causation_id: str | None = None
    data: msgspec.Raw


_cause: ContextVar[Cause | None] = ContextVar("cause", default=None)


@contextmanager
def caused_by(cause: Cause) -> Iterator[None]:
    """Facts put in envelopes inside this block carry `cause`."""
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


def current_cause() -> Cause:
    """The cause of the work at hand; a journey of its own when nobody said."""
    return _cause.get() or Cause(correlation_id=new_id())


def source(fact: type[Fact]) -> str:
    """The room that says it: `souk.basket` for a class of `souk.basket.events`."""
    return fact.__module__.rpartition(".")[0]


def envelope(fact: Fact) -> Envelope:
    cause = current_cause()
    return Envelope(
        id=new_id(),
        time=stamp(now()),
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id,
        data=msgspec.Raw(msgspec.json.encode(fact)),
    )


def read(fact: type[FactT], detail: Any) -> tuple[FactT, Cause]:
    """The fact in a bus event's `detail`, and the cause of whatever it leads to.

    Unknown fields are ignored, so a publisher may add some.
    Raises msgspec.ValidationError when a field is missing or of another type.
    """
    data = msgspec.convert(detail["data"], fact)
    return data, Cause(correlation_id=detail["correlation_id"], causation_id=detail["id"])
