"""The trace of an order: its events by time, each with its log lines and workflow steps."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.trace import UnknownOrder, as_json, load_trace, render
from cli.trace.rendering import format_duration
from cli.trace.shop import _parse_history, _parse_log_event
from cli.trace.trace import Event, LogLine, WorkflowStep

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(milliseconds: int) -> datetime:
    return NOON + timedelta(milliseconds=milliseconds)


def an_event(name: str, milliseconds: int, correlation_id: str = "correlation-1") -> Event:
    return Event(
        name, "ordering", f"id-{name}", at(milliseconds), correlation_id, {"order_id": "o-1"}
    )


def a_log_line(message: str, milliseconds: int, event_id: str | None = None) -> LogLine:
    return LogLine(at(milliseconds), "ordering-api", "INFO", message, event_id)


@dataclass
class FakeShop:
    stored_events: list[Event]
    log: list[LogLine] = field(default_factory=list)
    steps: list[WorkflowStep] = field(default_factory=list)
    searched: list[Any] = field(default_factory=list)

    def events(self, order_id: str) -> Iterable[Event]:
        return self.stored_events

    def log_lines(self, ids: Iterable[str], since: datetime, until: datetime) -> Iterable[LogLine]:
        self.searched += [*ids, since, until]
        return self.log

    def workflow_steps(self, order_id: str) -> Iterable[WorkflowStep]:
        return self.steps


def test_events_are_sorted_by_time_with_the_time_between_them() -> None:
    trace = load_trace(
        FakeShop([an_event("OrderConfirmed", 450), an_event("OrderPlaced", 0)]), "o-1"
    )

    events = [(entry.event.name, entry.since_previous) for entry in trace.entries]
    assert events == [("OrderPlaced", None), ("OrderConfirmed", timedelta(milliseconds=450))]


def test_a_log_line_belongs_to_the_latest_event_before_it() -> None:
    log = [a_log_line("early", -5), a_log_line("placed", 10), a_log_line("confirmed", 460)]

    trace = load_trace(
        FakeShop([an_event("OrderPlaced", 0), an_event("OrderConfirmed", 450)], log), "o-1"
    )

    messages = [
        [line.message for line in entry.details if isinstance(line, LogLine)]
        for entry in trace.entries
    ]
    assert messages == [["early", "placed"], ["confirmed"]]


def test_a_log_line_that_names_an_event_belongs_to_it_even_if_it_is_late() -> None:
    log = [a_log_line("handled", 900, event_id="id-OrderPlaced")]

    trace = load_trace(
        FakeShop([an_event("OrderPlaced", 0), an_event("OrderConfirmed", 450)], log), "o-1"
    )

    assert trace.entries[0].details == log


def test_logs_are_searched_for_the_order_and_its_correlation_ids() -> None:
    shop = FakeShop(
        [an_event("OrderPlaced", 0), an_event("ShipmentDispatched", 60_000, "correlation-2")]
    )

    load_trace(shop, "o-1")

    assert shop.searched[:3] == ["correlation-1", "correlation-2", "o-1"]
    assert shop.searched[3] < at(0) < at(60_000) < shop.searched[4]


def test_an_order_without_events_is_unknown() -> None:
    with pytest.raises(UnknownOrder, match="o-1"):
        load_trace(FakeShop([]), "o-1")


def test_a_trace_is_rendered_as_a_tree() -> None:
    step = WorkflowStep(at(300), "ReserveStock", 0.29, ("OutOfTime",))
    shop = FakeShop(
        [an_event("OrderPlaced", 0), an_event("OrderConfirmed", 450)],
        [a_log_line("done", 10)],
        [step],
    )

    lines = render(load_trace(shop, "o-1")).splitlines()

    assert lines == [
        "Order o-1: 2 events in 450 ms, 1 correlation id",
        "",
        "Correlation id correlation-1",
        "11-24 12:00:00.000             ordering  \x1b[1mOrderPlaced\x1b[0m",
        "\x1b[2m   ├─ ordering-api  done\x1b[0m",
        "\x1b[36m   └─ workflow      ReserveStock 290 ms, failed: OutOfTime\x1b[0m",
        "11-24 12:00:00.450    +450 ms  ordering  \x1b[1mOrderConfirmed\x1b[0m",
    ]


def test_long_lines_are_shortened() -> None:
    shop = FakeShop([an_event("OrderPlaced", 0)], [a_log_line("a\nvery " * 100, 10)])

    (*_, line) = render(load_trace(shop, "o-1")).splitlines()

    assert len(line) < 130
    assert line.removesuffix("\x1b[0m").endswith("…")


def test_a_trace_has_the_same_content_as_json() -> None:
    shop = FakeShop(
        [an_event("OrderPlaced", 0)],
        [a_log_line("done", 10)],
        [WorkflowStep(at(20), "StartCheckout", 0.02)],
    )

    printed = as_json(load_trace(shop, "o-1"))

    (event,) = json.loads(json.dumps(printed))["events"]
    assert (event["event"], event["after_ms"]) == ("OrderPlaced", None)
    assert [line["message"] for line in event["lines"]] == ["done"]
    assert event["steps"][0]["milliseconds"] == 20


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0041, "4 ms"), (1.84, "1.8 s"), (720, "12 min"), (12_600, "3.5 h"), (200_000, "2.3 d")],
)
def test_durations_are_formatted_in_a_readable_unit(seconds: float, words: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == words


def test_a_structured_log_line_is_parsed_to_its_message_and_fields() -> None:
    fields = {
        "level": "INFO", "location": "handle:45", "message": "responded", "service": "basket-api",
        "correlation_id": "correlation-1", "route": "GET /api/basket", "status": 200,
    }  # fmt: skip

    line = _parse_log_event({"timestamp": 1_795_435_200_000, "message": json.dumps(fields)})

    assert line is not None
    assert (line.function, line.message) == (
        "basket-api",
        "responded route=GET /api/basket status=200",
    )


def test_lines_of_the_lambda_platform_are_ignored() -> None:
    assert _parse_log_event({"timestamp": 0, "message": "END RequestId: 1 correlation-1"}) is None
    assert _parse_log_event({"timestamp": 0, "message": '{"type": "platform.report"}'}) is None


def test_a_workflow_state_has_its_duration_and_the_errors_of_its_attempts() -> None:
    entered = {"stateEnteredEventDetails": {"name": "AuthorizePayment"}}
    history: list[dict[str, Any]] = [
        {"type": "ExecutionStarted", "timestamp": at(0)},
        {"type": "TaskStateEntered", "timestamp": at(10), **entered},
        {"type": "TaskFailed", "timestamp": at(20), "taskFailedEventDetails": {"error": "Busy"}},
        {"type": "TaskSucceeded", "timestamp": at(90)},
        {"type": "TaskStateExited", "timestamp": at(100)},
        {"type": "ChoiceStateEntered", "timestamp": at(100)},
        {"type": "ExecutionSucceeded", "timestamp": at(101)},
    ]

    assert list(_parse_history(history)) == [
        WorkflowStep(at(100), "AuthorizePayment", 0.09, ("Busy",))
    ]
