"""The trace of an order: its events, each with the log lines and workflow steps after it."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Protocol

LOGS_BEFORE, LOGS_AFTER = timedelta(minutes=1), timedelta(minutes=10)
"""How long before the first and after the last event the logs are searched."""


class UnknownOrder(Exception):
    """The timeline has no event about the order."""


@dataclass(frozen=True)
class Event:
    name: str
    service: str
    id: str
    at: datetime
    correlation_id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class LogLine:
    """A line of a function's log. `event_id` is set if the line names the event it is about."""

    at: datetime
    function: str
    level: str
    message: str
    event_id: str | None = None


@dataclass(frozen=True)
class WorkflowStep:
    """A state of the order's workflow that ended at `at`. `failed` are the errors of attempts."""

    at: datetime
    name: str
    seconds: float
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class TraceEntry:
    """An event, and the log lines and workflow steps that belong to it.

    `since_previous` is the time since the previous event; None for the first.
    """

    event: Event
    since_previous: timedelta | None
    details: list[LogLine | WorkflowStep] = field(default_factory=list)


@dataclass(frozen=True)
class Trace:
    order_id: str
    entries: list[TraceEntry]

    @property
    def duration(self) -> timedelta:
        return self.entries[-1].event.at - self.entries[0].event.at


class ShopReader(Protocol):
    def events(self, order_id: str) -> Iterable[Event]:
        """All events of the order in the timeline, in any order."""

    def log_lines(self, ids: Iterable[str], since: datetime, until: datetime) -> Iterable[LogLine]:
        """The log lines of all functions in that time that contain one of the ids."""

    def workflow_steps(self, order_id: str) -> Iterable[WorkflowStep]:
        """The steps of the order's workflow; none when its executions have expired."""


def load_trace(shop: ShopReader, order_id: str) -> Trace:
    """Raises UnknownOrder."""
    events = sorted(shop.events(order_id), key=attrgetter("at", "id"))
    if not events:
        raise UnknownOrder(
            f"There are no events about order {order_id}. A new order has events after a second"
            " or two."
        )
    ids = {order_id, *(event.correlation_id for event in events)}
    lines = shop.log_lines(sorted(ids), events[0].at - LOGS_BEFORE, events[-1].at + LOGS_AFTER)
    entries = [
        TraceEntry(event, event.at - previous.at if previous else None)
        for event, previous in zip(events, [None, *events[:-1]], strict=True)
    ]
    details: list[LogLine | WorkflowStep] = [*lines, *shop.workflow_steps(order_id)]
    for detail in sorted(details, key=attrgetter("at")):
        _entry_of(detail, entries).details.append(detail)
    return Trace(order_id, entries)


def _entry_of(detail: LogLine | WorkflowStep, entries: Sequence[TraceEntry]) -> TraceEntry:
    """The entry of the event that the line names, otherwise of the latest event before it.

    A function logs when it is done, so its line follows the event that it handled.
    """
    if isinstance(detail, LogLine) and detail.event_id:
        for entry in entries:
            if entry.event.id == detail.event_id:
                return entry
    position = bisect_right(entries, detail.at, key=lambda entry: entry.event.at)
    return entries[max(position - 1, 0)]
