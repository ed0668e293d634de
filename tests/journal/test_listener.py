"""The queue edge of who hears everything: by the batch, and none that vanishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from souk.journal.listener import listener
from souk.kernel.facts import Heard
from tests.edges.test_consumer import Clock
from tests.kernel.builders import a_record, an_event
from tests.kernel.fakes import FakeQueues


class Scribe:
    """Writes down batches; of one with a poisoned bell in it nothing."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self._handle = listener(self._write)

    def _write(self, facts: Sequence[Heard]) -> None:
        bells = [fact.data["bell"] for fact in facts]
        if "poison" in bells:
            raise ArithmeticError("the bell cracked")
        self.batches.append(bells)

    def hear(self, *records: dict[str, Any], clock: Clock | None = None) -> list[str]:
        """Returns which messages are to be delivered again."""
        context: Any = clock or Clock()
        answer = self._handle({"Records": list(records)}, context)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def records(*bells: str, receives: int = 1) -> list[dict[str, Any]]:
    return [
        a_record(an_event(bell=bell), number=number, receives=receives)
        for number, bell in enumerate(bells)
    ]


@pytest.fixture
def scribe(queues: FakeQueues) -> Scribe:
    return Scribe()


def test_a_batch_is_heard_at_once(scribe: Scribe) -> None:
    failed = scribe.hear(*records("east", "west"))

    assert failed == []
    assert scribe.batches == [["east", "west"]]


def test_a_fact_is_heard_with_all_its_envelope_says(queues: FakeQueues) -> None:
    heard: list[Heard] = []

    listener(heard.extend)({"Records": records("east")}, Clock())  # type: ignore[arg-type]

    assert heard == [
        Heard(
            name="BellRung",
            source="tests.kernel",
            id="fact-1",
            time="2026-11-23T12:00:00.000Z",
            correlation_id="journey-1",
            data={"bell": "east"},
        )
    ]


def test_one_poison_keeps_no_other_waiting(scribe: Scribe, queues: FakeQueues) -> None:
    failed = scribe.hear(*records("east", "poison", "west"))

    assert failed == ["message-1"]
    assert scribe.batches == [["east"], ["west"]]
    assert queues.sent == []


def test_on_its_fifth_receive_a_message_is_moved_to_the_dead_letters(
    scribe: Scribe, queues: FakeQueues
) -> None:
    failed = scribe.hear(*records("east", "poison", receives=5))

    assert failed == []
    assert len(queues.sent) == 1


@pytest.mark.parametrize("body", ["no json", "{}", '{"detail-type": "BellRung", "detail": 1}'])
def test_what_is_no_fact_is_moved_there_at_once(
    scribe: Scribe, queues: FakeQueues, body: str
) -> None:
    failed = scribe.hear(a_record(body, number=7), *records("east"))

    assert failed == []
    assert scribe.batches == [["east"]]
    assert len(queues.sent) == 1


def test_what_there_is_no_time_for_comes_again_untouched(
    scribe: Scribe, queues: FakeQueues
) -> None:
    failed = scribe.hear(*records("east", "poison", receives=5), clock=Clock(9_000, 9_000))

    assert failed == ["message-0", "message-1"]
    assert (scribe.batches, queues.sent) == ([], [])
