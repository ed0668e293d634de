"""An order's trace: facts in order, each with who took part; an unknown order in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.trace import UnknownOrder, as_json, render, trace
from cli.trace.shop import _line, _steps
from cli.trace.story import Fact, Line, Step
from cli.trace.tree import lasting

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(milliseconds: int) -> datetime:
    return NOON + timedelta(milliseconds=milliseconds)


def said(name: str, milliseconds: int, journey: str = "journey-1") -> Fact:
    return Fact(name, "ordering", f"id-{name}", at(milliseconds), journey, {"order_id": "o-1"})


def wrote(says: str, milliseconds: int, fact_id: str | None = None) -> Line:
    return Line(at(milliseconds), "ordering-api", "INFO", says, fact_id)


@dataclass
class Shop:
    kept: list[Fact]
    log: list[Line] = field(default_factory=list)
    history: list[Step] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    def facts(self, order_id: str) -> Iterable[Fact]:
        return self.kept

    def lines(self, ids: Iterable[str], since: datetime, until: datetime) -> Iterable[Line]:
        self.asked += [*ids, since, until]
        return self.log

    def steps(self, order_id: str) -> Iterable[Step]:
        return self.history


def test_facts_are_told_in_order_with_the_time_between_them() -> None:
    traced = trace(Shop([said("OrderConfirmed", 450), said("OrderPlaced", 0)]), "o-1")

    told = [(scene.fact.name, scene.since_last) for scene in traced.scenes]
    assert told == [("OrderPlaced", None), ("OrderConfirmed", timedelta(milliseconds=450))]


def test_a_line_stands_below_the_fact_before_it() -> None:
    log = [wrote("early", -5), wrote("placed", 10), wrote("confirmed", 460)]

    traced = trace(Shop([said("OrderPlaced", 0), said("OrderConfirmed", 450)], log), "o-1")

    below = [[line.says for line in scene.followed if isinstance(line, Line)]
             for scene in traced.scenes]  # fmt: skip
    assert below == [["early", "placed"], ["confirmed"]]


def test_a_line_that_names_its_fact_stands_below_that_one_however_late() -> None:
    log = [wrote("heard", 900, fact_id="id-OrderPlaced")]

    traced = trace(Shop([said("OrderPlaced", 0), said("OrderConfirmed", 450)], log), "o-1")

    assert traced.scenes[0].followed == log


def test_logs_are_asked_for_the_order_and_all_its_journeys_around_its_time() -> None:
    shop = Shop([said("OrderPlaced", 0), said("ShipmentDispatched", 60_000, "journey-2")])

    trace(shop, "o-1")

    assert shop.asked[:3] == ["journey-1", "journey-2", "o-1"]
    assert shop.asked[3] < at(0) < at(60_000) < shop.asked[4]


def test_an_order_nobody_spoke_of_is_unknown() -> None:
    with pytest.raises(UnknownOrder, match="o-1"):
        trace(Shop([]), "o-1")


def test_a_person_reads_a_tree() -> None:
    step = Step(at(300), "ReserveStock", 0.29, ("OutOfTime",))
    shop = Shop([said("OrderPlaced", 0), said("OrderConfirmed", 450)], [wrote("done", 10)], [step])

    told = render(trace(shop, "o-1")).splitlines()

    assert told == [
        "Order o-1: 2 facts in 450 ms, 1 journey",
        "",
        "Correlation id journey-1",
        "11-24 12:00:00.000             ordering  \x1b[1mOrderPlaced\x1b[0m",
        "\x1b[2m   ├─ ordering-api  done\x1b[0m",
        "\x1b[36m   └─ workflow      ReserveStock 290 ms, failed: OutOfTime\x1b[0m",
        "11-24 12:00:00.450    +450 ms  ordering  \x1b[1mOrderConfirmed\x1b[0m",
    ]


def test_no_line_is_longer_than_a_screen_is_wide() -> None:
    shop = Shop([said("OrderPlaced", 0)], [wrote("a\nvery " * 100, 10)])

    (*_, line) = render(trace(shop, "o-1")).splitlines()

    assert len(line) < 130
    assert line.removesuffix("\x1b[0m").endswith("…")


def test_a_program_reads_the_same_as_json() -> None:
    shop = Shop([said("OrderPlaced", 0)], [wrote("done", 10)], [Step(at(20), "Begin", 0.02)])

    told = as_json(trace(shop, "o-1"))

    (fact,) = json.loads(json.dumps(told))["facts"]
    assert (fact["fact"], fact["after_ms"]) == ("OrderPlaced", None)
    assert [line["says"] for line in fact["lines"]] == ["done"]
    assert fact["steps"][0]["milliseconds"] == 20


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0041, "4 ms"), (1.84, "1.8 s"), (720, "12 min"), (12_600, "3.5 h"), (200_000, "2.3 d")],
)
def test_times_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == words


def test_of_a_log_line_what_it_says_is_kept() -> None:
    written = {
        "level": "INFO", "location": "handle:45", "message": "answered", "service": "basket-api",
        "correlation_id": "journey-1", "route": "GET /api/basket", "status": 200,
    }  # fmt: skip

    line = _line({"timestamp": 1_795_435_200_000, "message": json.dumps(written)})

    assert line is not None
    assert (line.function, line.says) == ("basket-api", "answered route=GET /api/basket status=200")


def test_what_the_platform_writes_is_no_line() -> None:
    assert _line({"timestamp": 0, "message": "END RequestId: 1 journey-1"}) is None
    assert _line({"timestamp": 0, "message": '{"type": "platform.report"}'}) is None


def test_a_state_is_told_with_its_time_and_the_errors_of_its_tries() -> None:
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

    assert list(_steps(history)) == [Step(at(100), "AuthorizePayment", 0.09, ("Busy",))]
