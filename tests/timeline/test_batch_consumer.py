"""The batch consumer handles a batch in one call, and loses no event that fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from souk.kernel.events import ReceivedEvent
from souk.timeline.batch_consumer import batch_consumer
from tests.kernel.builders import a_record, an_event
from tests.kernel.fakes import FakeQueues
from tests.runtime.test_consumer import FakeContext


class Recorder:
    """Consumes batches and records them; raises an error for a batch with a poison event."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self._handle = batch_consumer(self._record)

    def _record(self, events: Sequence[ReceivedEvent]) -> None:
        bells = [event.data["bell"] for event in events]
        if "poison" in bells:
            raise ArithmeticError("the bell cracked")
        self.batches.append(bells)

    def consume(
        self, *records: dict[str, Any], lambda_context: FakeContext | None = None
    ) -> list[str]:
        """Returns the ids of the messages to deliver again."""
        context: Any = lambda_context or FakeContext()
        response = self._handle({"Records": list(records)}, context)
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def records(*bells: str, receives: int = 1) -> list[dict[str, Any]]:
    return [
        a_record(an_event(bell=bell), number=number, receives=receives)
        for number, bell in enumerate(bells)
    ]


@pytest.fixture
def recorder(queues: FakeQueues) -> Recorder:
    return Recorder()


def test_a_batch_is_handled_in_one_call(recorder: Recorder) -> None:
    failed = recorder.consume(*records("east", "west"))

    assert failed == []
    assert recorder.batches == [["east", "west"]]


def test_an_event_is_received_with_all_fields_of_its_envelope(queues: FakeQueues) -> None:
    received: list[ReceivedEvent] = []
    event = an_event(bell="east")

    batch_consumer(received.extend)({"Records": [a_record(event)]}, FakeContext())  # type: ignore[arg-type]

    assert received == [
        ReceivedEvent(
            name="BellRung",
            source="tests.kernel",
            id="event-1",
            time="2026-11-23T12:00:00.000Z",
            correlation_id=event["detail"]["correlation_id"],
            data={"bell": "east"},
        )
    ]


def test_a_poison_event_does_not_block_the_others(recorder: Recorder, queues: FakeQueues) -> None:
    failed = recorder.consume(*records("east", "poison", "west"))

    assert failed == ["message-1"]
    assert recorder.batches == [["east"], ["west"]]
    assert queues.sent == []


def test_a_message_moves_to_the_dead_letter_queue_on_its_fifth_receive(
    recorder: Recorder, queues: FakeQueues
) -> None:
    failed = recorder.consume(*records("east", "poison", receives=5))

    assert failed == []
    assert len(queues.sent) == 1


@pytest.mark.parametrize("body", ["no json", "{}", '{"detail-type": "BellRung", "detail": 1}'])
def test_a_message_that_is_no_event_moves_to_the_dead_letter_queue_at_once(
    recorder: Recorder, queues: FakeQueues, body: str
) -> None:
    failed = recorder.consume(a_record(body, number=7), *records("east"))

    assert failed == []
    assert recorder.batches == [["east"]]
    assert len(queues.sent) == 1


def test_messages_without_time_left_are_delivered_again(
    recorder: Recorder, queues: FakeQueues
) -> None:
    failed = recorder.consume(
        *records("east", "poison", receives=5), lambda_context=FakeContext(9_000, 9_000)
    )

    assert failed == ["message-0", "message-1"]
    assert (recorder.batches, queues.sent) == ([], [])
