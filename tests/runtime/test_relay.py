"""The relay publishes every committed event, and no bad event blocks the others."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from souk.kernel import aws
from souk.kernel.clock import now, timestamp
from souk.kernel.events import MAX_EVENT_BYTES
from souk.kernel.items import to_item
from souk.runtime import relay
from tests.kernel.builders import CONTEXT, a_stream_event, an_outbox_row
from tests.kernel.fakes import FakeBus, FakeQueues, FakeTable, client_error

BAD_EVENT = "event-003"


class Outbox:
    """The relay of a service between a fake table and a fake bus."""

    def __init__(self, patch: pytest.MonkeyPatch, queues: FakeQueues) -> None:
        self._patch = patch
        self.queues = queues
        patch.setenv("TABLE_NAME", "table")
        patch.setenv("BUS_NAME", "the-bus")

    def relay(
        self,
        rows: list[dict[str, Any]],
        bus: FakeBus,
        event: dict[str, Any] | None = None,
        max_queries: int = 1000,
    ) -> list[str]:
        """Returns the sequence numbers reported as failed. By default `event` is the stream's."""
        self.table = FakeTable(*(to_item(row) for row in rows), max_queries=max_queries)
        self._patch.setattr(aws, "dynamodb", lambda: self.table)
        self._patch.setattr(aws, "eventbridge", lambda: bus)
        response = relay.handler(a_stream_event(*rows) if event is None else event, CONTEXT)
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    @property
    def remaining(self) -> list[str]:
        """Ids of the events that are still in the outbox."""
        return sorted(sk for _, sk in self.table.items)


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch, queues: FakeQueues) -> Outbox:
    return Outbox(monkeypatch, queues)


def rows(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [an_outbox_row(number, **fields) for number in range(count)]


def error_for_bad_event(code: str) -> Any:
    """A rule for FakeBus: this error code for BAD_EVENT, no error for others."""
    return lambda detail: code if BAD_EVENT in detail else None


def test_an_event_is_published_unchanged_and_then_deleted(outbox: Outbox) -> None:
    bus = FakeBus()

    failed = outbox.relay(rows(1), bus)

    assert bus.accepted == [
        {
            "EventBusName": "the-bus",
            "Source": "tests.kernel",
            "DetailType": "BellRung",
            "Detail": an_outbox_row()["detail"],
        }
    ]
    assert (failed, outbox.remaining) == ([], [])


def test_no_call_has_more_than_ten_events(outbox: Outbox) -> None:
    bus = FakeBus()

    outbox.relay(rows(23), bus)

    assert bus.calls == [10, 10, 3]
    assert outbox.remaining == []


def test_no_call_exceeds_the_size_limit(outbox: Outbox) -> None:
    bus = FakeBus()

    outbox.relay(rows(5, size=MAX_EVENT_BYTES // 2 - 100), bus)

    assert bus.calls == [2, 2, 1]
    assert outbox.remaining == []


def test_only_accepted_events_are_deleted(outbox: Outbox) -> None:
    bus = FakeBus(error_for_bad_event("ThrottlingException"))

    failed = outbox.relay(rows(12), bus)

    assert failed == ["seq-3"]
    assert outbox.remaining == [BAD_EVENT]
    assert len(bus.accepted) == 11
    assert outbox.queues.sent == []


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument"])
def test_an_event_with_a_permanent_error_moves_to_the_dead_letter_queue(
    outbox: Outbox, code: str
) -> None:
    bus = FakeBus(error_for_bad_event(code))

    failed = outbox.relay(rows(12), bus)

    (dead_letter,) = outbox.queues.sent
    assert (failed, outbox.remaining) == ([], [])
    assert len(bus.accepted) == 11
    assert (dead_letter.queue, dead_letter.attributes) == (
        "the-dead-letter-queue",
        {"Reason": code},
    )
    assert json.loads(dead_letter.body) == an_outbox_row(3)


def test_a_call_rejected_as_a_whole_is_repeated_event_by_event(outbox: Outbox) -> None:
    bus = FakeBus(call_error=error_for_bad_event("ValidationException"))

    failed = outbox.relay(rows(5), bus)

    assert bus.calls == [5, 1, 1, 1, 1, 1]
    assert len(bus.accepted) == 4
    assert json.loads(outbox.queues.sent[0].body) == an_outbox_row(3)
    assert (failed, outbox.remaining) == ([], [])


def test_a_throttled_call_is_left_to_the_next_delivery(outbox: Outbox) -> None:
    bus = FakeBus(call_error=error_for_bad_event("ThrottlingException"))

    failed = outbox.relay(rows(5), bus)

    assert bus.calls == [5]
    assert failed == [f"seq-{number}" for number in range(5)]
    assert len(outbox.remaining) == 5


def test_an_event_refused_for_a_missing_grant_stays_in_the_outbox(outbox: Outbox) -> None:
    bus = FakeBus(call_error=error_for_bad_event("AccessDeniedException"))

    failed = outbox.relay(rows(5), bus)

    assert failed == ["seq-3"]
    assert outbox.remaining == [BAD_EVENT]
    assert outbox.queues.sent == []


def test_an_event_that_cannot_be_dead_lettered_stays_in_the_outbox(outbox: Outbox) -> None:
    outbox.queues.is_down = True

    with pytest.raises(type(client_error(""))):
        outbox.relay(rows(5), FakeBus(error_for_bad_event("MalformedDetail")))

    assert BAD_EVENT in outbox.remaining


def test_the_sweep_publishes_old_events_of_every_partition(outbox: Outbox) -> None:
    old, bus = timestamp(now() - timedelta(minutes=3)), FakeBus()

    outbox.relay(rows(50, at=old), bus, event={})

    assert len(bus.accepted) == 50
    assert outbox.remaining == []


def test_the_sweep_leaves_recent_events_to_the_stream(outbox: Outbox) -> None:
    recent, old = timestamp(now() - timedelta(minutes=1)), timestamp(now() - timedelta(minutes=3))
    mixed = [an_outbox_row(number, at=old if number % 2 else recent) for number in range(6)]
    bus = FakeBus()

    outbox.relay(mixed, bus, event={})

    assert outbox.remaining == ["event-000", "event-002", "event-004"]
    assert len(bus.accepted) == 3


def test_the_sweep_reports_no_failed_records(outbox: Outbox) -> None:
    bus = FakeBus(error_for_bad_event("ThrottlingException"))

    failed = outbox.relay(rows(5), bus, event={})

    assert (failed, outbox.remaining) == ([], [BAD_EVENT])


def test_a_sweep_that_times_out_has_published_some_events(outbox: Outbox) -> None:
    bus = FakeBus()

    with pytest.raises(TimeoutError):
        outbox.relay(rows(80), bus, event={}, max_queries=20)

    assert len(bus.accepted) == 80 - len(outbox.remaining)
    assert 0 < len(outbox.remaining) < 80
