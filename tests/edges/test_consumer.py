"""The queue edge: each message on its own, and none that vanishes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from souk.edges.consumer import consumer
from souk.kernel.facts import Cause, current_cause
from tests.kernel.builders import BellRung, LampLit, a_record, an_event
from tests.kernel.fakes import FakeQueues, Sent


class Clock:
    """A function's Lambda context that has so many milliseconds left at each look, then ever."""

    def __init__(self, *left: int) -> None:
        self._left = [*left, 30_000]

    def get_remaining_time_in_millis(self) -> int:
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


class Room:
    """Hears the bell; a bell named `poison` makes it stumble."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.causes: list[Cause] = []
        self._handle = consumer({BellRung: self._ring, LampLit: self._light})

    def _ring(self, fact: BellRung) -> None:
        if fact.bell == "poison":
            raise ArithmeticError("the bell cracked")
        self.heard.append(fact.bell)
        self.causes.append(current_cause())

    def _light(self, fact: LampLit) -> None:
        self.heard.append(f"lamp {fact.lamp}")

    def hear(self, *records: dict[str, Any], clock: Clock | None = None) -> list[str]:
        """Returns which messages are to be delivered again."""
        context: Any = clock or Clock()
        answer = self._handle({"Records": list(records)}, context)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def ten_with_one_poison(receives: int = 1) -> list[dict[str, Any]]:
    bells = ["poison" if number == 4 else f"bell-{number}" for number in range(10)]
    return [
        a_record(an_event(bell=bell), number=number, receives=receives)
        for number, bell in enumerate(bells)
    ]


@pytest.fixture
def room(queues: FakeQueues) -> Room:
    return Room()


def test_each_fact_goes_to_who_hears_it(room: Room) -> None:
    lit = an_event("LampLit", lamp="blue")

    failed = room.hear(a_record(an_event(bell="east")), a_record(lit, number=2))

    assert failed == []
    assert room.heard == ["east", "lamp blue"]


def test_what_is_done_upon_a_fact_belongs_to_its_journey(room: Room) -> None:
    room.hear(a_record(an_event(bell="east")))

    assert room.causes == [Cause(correlation_id="journey-1", causation_id="fact-1")]


def test_one_poison_among_nine_good_ones_loses_none_of_the_nine(room: Room) -> None:
    failed = room.hear(*ten_with_one_poison())

    assert failed == ["message-4"]
    assert len(room.heard) == 9


def test_a_message_there_is_no_time_for_comes_again_untouched(
    room: Room, queues: FakeQueues
) -> None:
    records = [a_record(an_event(bell=f"bell-{n}"), number=n, receives=5) for n in range(3)]

    failed = room.hear(*records, clock=Clock(20_000, 9_000, 9_000))

    assert room.heard == ["bell-0"]
    assert failed == ["message-1", "message-2"]
    assert queues.sent == []


@pytest.mark.parametrize(("receives", "seconds"), [(1, 1), (2, 5), (3, 15), (4, 30)])
def test_a_message_that_failed_comes_back_sooner_than_the_queue_would_bring_it(
    room: Room, queues: FakeQueues, receives: int, seconds: int
) -> None:
    failed = room.hear(*ten_with_one_poison(receives))

    assert failed == ["message-4"]
    assert queues.hidden == {"receipt-4": seconds}
    assert queues.sent == []


def test_on_its_fifth_receive_a_message_is_moved_to_the_dead_letters_and_done(
    room: Room, queues: FakeQueues
) -> None:
    records = ten_with_one_poison(receives=5)

    failed = room.hear(*records)

    told = {
        "Reason": "ArithmeticError: the bell cracked",
        "FirstReceived": "1795435200123",
        "MessageId": "message-4",
    }
    assert failed == []
    assert queues.sent == [Sent("the-dead-letters", records[4]["body"], told)]


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        "7",
        json.dumps(an_event("NeverHeardOf")),
        json.dumps(an_event(times=2)),
        json.dumps({"detail-type": "BellRung"}),
        json.dumps({"detail-type": "BellRung", "detail": {"data": {"bell": "east"}}}),
        json.dumps({"detail-type": ["BellRung"], "detail": {}}),
    ],
)
def test_a_message_nobody_can_read_is_moved_to_the_dead_letters_at_once(
    room: Room, queues: FakeQueues, body: str
) -> None:
    failed = room.hear(a_record(body), a_record(number=2))

    assert failed == []
    assert room.heard == ["east"]
    (dead,) = queues.sent
    assert dead.body == body
    assert dead.attributes["Reason"].startswith("Unheard: not a fact this room hears")
    assert dead.attributes["FirstReceived"] == "1795435200123"


def test_a_batch_that_fails_whole_is_no_failure_of_the_function(room: Room) -> None:
    records = [a_record(an_event(bell="poison"), number=number) for number in (1, 2)]

    failed = room.hear(*records)

    assert failed == ["message-1", "message-2"]


def test_a_message_the_dead_letters_do_not_take_stays_in_its_queue(
    room: Room, queues: FakeQueues
) -> None:
    queues.down = True

    failed = room.hear(a_record("no json"), a_record(number=2))

    assert failed == ["message-1"]
    assert room.heard == ["east"]


def test_a_failed_batch_leaves_nothing_behind_for_the_next(room: Room) -> None:
    room.hear(a_record(an_event(bell="poison")))

    assert room.hear(a_record(number=2)) == []


def test_the_log_tells_each_messages_own_journey(room: Room, log: list[dict[str, Any]]) -> None:
    room.hear(a_record(an_event(bell="east")), a_record("no json", number=2))

    journeys = [(line["level"], line.get("correlation_id")) for line in log]
    assert journeys == [("INFO", "journey-1"), ("ERROR", None)]


def test_the_reason_of_a_message_is_cut_to_what_an_attribute_is_for(
    room: Room, queues: FakeQueues
) -> None:
    room.hear(a_record(an_event("x" * 5000)))

    assert len(queues.sent[0].attributes["Reason"]) == 1000
