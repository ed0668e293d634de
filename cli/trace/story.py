"""One order's facts in order of time, each with what followed it: log lines, workflow steps."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Protocol

BEFORE, AFTER = timedelta(minutes=1), timedelta(minutes=10)
"""Of an order's logs, so much around its facts is looked through."""


class UnknownOrder(Exception):
    """No room ever spoke of it."""


@dataclass(frozen=True)
class Fact:
    name: str
    room: str
    id: str
    at: datetime
    correlation_id: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Line:
    """What a function wrote to its log; `fact_id` if it says which fact it is about."""

    at: datetime
    function: str
    level: str
    says: str
    fact_id: str | None = None


@dataclass(frozen=True)
class Step:
    """A state of the order's workflow, left `at` that moment; `failed` are its tries' errors."""

    at: datetime
    name: str
    seconds: float
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scene:
    """A fact and what came of it, until the next."""

    fact: Fact
    since_last: timedelta | None
    followed: list[Line | Step] = field(default_factory=list)


@dataclass(frozen=True)
class Trace:
    order_id: str
    scenes: list[Scene]

    @property
    def took(self) -> timedelta:
        return self.scenes[-1].fact.at - self.scenes[0].fact.at


class ShopReader(Protocol):
    """A shop as the trace sees it."""

    def facts(self, order_id: str) -> Iterable[Fact]:
        """All that the journal keeps of the order, in any order."""

    def lines(self, ids: Iterable[str], since: datetime, until: datetime) -> Iterable[Line]:
        """What functions wrote in that time that names one of the ids."""

    def steps(self, order_id: str) -> Iterable[Step]:
        """What the order's workflow did, as far as that is still known."""


def trace(shop: ShopReader, order_id: str) -> Trace:
    """Raises UnknownOrder."""
    facts = sorted(shop.facts(order_id), key=attrgetter("at", "id"))
    if not facts:
        raise UnknownOrder(
            f"No room has spoken of an order {order_id}; a new one is known after a second or two."
        )
    ids = {order_id, *(fact.correlation_id for fact in facts)}
    lines = shop.lines(sorted(ids), facts[0].at - BEFORE, facts[-1].at + AFTER)
    before = [None, *facts[:-1]]
    scenes = [
        Scene(fact, fact.at - last.at if last else None)
        for fact, last in zip(facts, before, strict=True)
    ]
    events: list[Line | Step] = [*lines, *shop.steps(order_id)]
    for event in sorted(events, key=attrgetter("at")):
        _scene_of(event, scenes).followed.append(event)
    return Trace(order_id, scenes)


def _scene_of(event: Line | Step, scenes: Sequence[Scene]) -> Scene:
    """The fact a line names, else the newest before it: what a function says, it says when it
    is done."""
    if isinstance(event, Line) and event.fact_id:
        for scene in scenes:
            if scene.fact.id == event.fact_id:
                return scene
    place = bisect_right(scenes, event.at, key=lambda scene: scene.fact.at)
    return scenes[max(place - 1, 0)]
