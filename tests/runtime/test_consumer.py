"""The queue consumer handles each message on its own, and loses none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from souk.kernel.events import Cause, current_cause
from souk.runtime.consumer import queue_consumer
from tests.kernel.builders import BellRung, LampLit, a_record, an_event
from tests.kernel.fakes import FakeQueues, SentMessage


class FakeContext:
    """A Lambda context that reports these remaining times in milliseconds, one per call.

    After that it always reports 30 seconds.
    """

    def __init__(self, *remaining_ms: int) -> None:
        self._remaining_ms = [*remaining_ms, 30_000]

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining_ms.pop(0) if len(self._remaining_ms) > 1 else self._remaining_ms[0]


class Service:
    """A service that subscribes to two events; it fails for a bell named `poison`."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.causes: list[Cause] = []
        self._handler = queue_consumer({BellRung: self._ring, LampLit: self._light})

    def _ring(self, event: BellRung) -> None:
        if event.bell == "poison":
            raise ArithmeticError("the bell cracked")
        self.handled.append(event.bell)
        self.causes.append(current_cause())

    def _light(self, event: LampLit) -> None:
        self.handled.append(f"lamp {event.lamp}")

    def receive(self, *records: dict[str, Any], context: FakeContext | None = None) -> list[str]:
        """Returns the ids of the messages reported as failed."""
        lambda_context: Any = context or FakeContext()
        response = self._handler({"Records": list(records)}, lambda_context)
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def ten_records_with_one_failing(receives: int = 1) -> list[dict[str, Any]]:
    bells = ["poison" if number == 4 else f"bell-{number}" for number in range(10)]
    return [
        a_record(an_event(bell=bell), number=number, receives=receives)
        for number, bell in enumerate(bells)
    ]


@pytest.fixture
def service(queues: FakeQueues) -> Service:
    return Service()


def test_each_event_goes_to_its_handler(service: Service) -> None:
    lit = an_event("LampLit", lamp="blue")

    failed = service.receive(a_record(an_event(bell="east")), a_record(lit, number=2))

    assert failed == []
    assert service.handled == ["east", "lamp blue"]


def test_a_handler_runs_with_the_event_as_its_cause(service: Service) -> None:
    service.receive(a_record(an_event(bell="east")))

    assert service.causes == [Cause(correlation_id="correlation-1", causation_id="event-1")]


def test_one_failing_message_does_not_affect_nine_others(service: Service) -> None:
    failed = service.receive(*ten_records_with_one_failing())

    assert failed == ["message-4"]
    assert len(service.handled) == 9


def test_a_message_without_enough_time_left_is_delivered_again(
    service: Service, queues: FakeQueues
) -> None:
    records = [a_record(an_event(bell=f"bell-{n}"), number=n, receives=5) for n in range(3)]

    failed = service.receive(*records, context=FakeContext(20_000, 9_000, 9_000))

    assert service.handled == ["bell-0"]
    assert failed == ["message-1", "message-2"]
    assert queues.sent == []


@pytest.mark.parametrize(("receives", "seconds"), [(1, 1), (2, 5), (3, 15), (4, 30)])
def test_a_failed_message_is_delayed_with_increasing_backoff(
    service: Service, queues: FakeQueues, receives: int, seconds: int
) -> None:
    failed = service.receive(*ten_records_with_one_failing(receives))

    assert failed == ["message-4"]
    assert queues.visibility_timeouts == {"receipt-4": seconds}
    assert queues.sent == []


def test_on_its_fifth_receive_a_failing_message_moves_to_the_dead_letter_queue(
    service: Service, queues: FakeQueues
) -> None:
    records = ten_records_with_one_failing(receives=5)

    failed = service.receive(*records)

    attributes = {
        "Reason": "ArithmeticError: the bell cracked",
        "FirstReceived": "1795435200123",
        "MessageId": "message-4",
    }
    assert failed == []
    assert queues.sent == [SentMessage("the-dead-letter-queue", records[4]["body"], attributes)]


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        "7",
        json.dumps(an_event("Unknown")),
        json.dumps(an_event(times=2)),
        json.dumps({"detail-type": "BellRung"}),
        json.dumps({"detail-type": "BellRung", "detail": {"data": {"bell": "east"}}}),
        json.dumps({"detail-type": ["BellRung"], "detail": {}}),
    ],
)
def test_an_unreadable_message_moves_to_the_dead_letter_queue_at_once(
    service: Service, queues: FakeQueues, body: str
) -> None:
    failed = service.receive(a_record(body), a_record(number=2))

    assert failed == []
    assert service.handled == ["east"]
    (dead_letter,) = queues.sent
    assert dead_letter.body == body
    assert dead_letter.attributes["Reason"].startswith(
        "UnreadableMessage: no event this service subscribes to"
    )
    assert dead_letter.attributes["FirstReceived"] == "1795435200123"


def test_a_batch_that_fails_completely_is_reported_message_by_message(service: Service) -> None:
    records = [a_record(an_event(bell="poison"), number=number) for number in (1, 2)]

    failed = service.receive(*records)

    assert failed == ["message-1", "message-2"]


def test_a_message_that_cannot_be_moved_stays_in_its_queue(
    service: Service, queues: FakeQueues
) -> None:
    queues.is_down = True

    failed = service.receive(a_record("no json"), a_record(number=2))

    assert failed == ["message-1"]
    assert service.handled == ["east"]


def test_a_failed_batch_does_not_affect_the_next_one(service: Service) -> None:
    service.receive(a_record(an_event(bell="poison")))

    assert service.receive(a_record(number=2)) == []


def test_each_log_line_has_the_correlation_id_of_its_message(
    service: Service, log: list[dict[str, Any]]
) -> None:
    service.receive(a_record(an_event(bell="east")), a_record("no json", number=2))

    logged = [(line["level"], line.get("correlation_id")) for line in log]
    assert logged == [("INFO", "correlation-1"), ("ERROR", None)]


def test_the_reason_of_a_dead_letter_is_cut_to_1000_characters(
    service: Service, queues: FakeQueues
) -> None:
    service.receive(a_record(an_event("x" * 5000)))

    assert len(queues.sent[0].attributes["Reason"]) == 1000
