"""The relay: every committed fact reaches the bus, and no bad one blocks the rest."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from souk.edges import relay
from souk.kernel import aws
from souk.kernel.clock import now, stamp
from souk.kernel.facts import MAX_BYTES
from souk.kernel.items import to_item
from tests.kernel.builders import CONTEXT, an_outbox_row, streamed
from tests.kernel.fakes import FakeBus, FakeQueues, FakeTable, refused

BAD = "fact-003"


class Outbox:
    """A room's table and bus, and the relay between them."""

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
        queries: int = 1000,
    ) -> list[str]:
        """Returns the sequence numbers to be delivered again; `event` is that of the stream."""
        self.table = FakeTable(*(to_item(row) for row in rows), queries=queries)
        self._patch.setattr(aws, "dynamodb", lambda: self.table)
        self._patch.setattr(aws, "eventbridge", lambda: bus)
        answer = relay.handler(streamed(*rows) if event is None else event, CONTEXT)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    @property
    def left(self) -> list[str]:
        return sorted(sk for _, sk in self.table.items)


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch, queues: FakeQueues) -> Outbox:
    return Outbox(monkeypatch, queues)


def rows(count: int, **named: Any) -> list[dict[str, Any]]:
    return [an_outbox_row(number, **named) for number in range(count)]


def only_bad(code: str) -> Any:
    return lambda detail: code if BAD in detail else None


def test_a_fact_is_said_as_it_was_written_and_then_deleted(outbox: Outbox) -> None:
    bus = FakeBus()

    again = outbox.relay(rows(1), bus)

    assert bus.heard == [
        {
            "EventBusName": "the-bus",
            "Source": "tests.kernel",
            "DetailType": "BellRung",
            "Detail": an_outbox_row()["detail"],
        }
    ]
    assert (again, outbox.left) == ([], [])


def test_no_call_holds_more_than_ten_facts(outbox: Outbox) -> None:
    bus = FakeBus()

    outbox.relay(rows(23), bus)

    assert bus.calls == [10, 10, 3]
    assert outbox.left == []


def test_no_call_holds_more_bytes_than_the_bus_takes(outbox: Outbox) -> None:
    bus = FakeBus()

    outbox.relay(rows(5, size=MAX_BYTES // 2 - 100), bus)

    assert bus.calls == [2, 2, 1]
    assert outbox.left == []


def test_only_what_the_bus_accepted_is_deleted(outbox: Outbox) -> None:
    bus = FakeBus(only_bad("ThrottlingException"))

    again = outbox.relay(rows(12), bus)

    assert again == ["seq-3"]
    assert outbox.left == [BAD]
    assert len(bus.heard) == 11
    assert outbox.queues.sent == []


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument"])
def test_a_fact_the_bus_will_never_take_is_kept_whole_and_blocks_nobody(
    outbox: Outbox, code: str
) -> None:
    bus = FakeBus(only_bad(code))

    again = outbox.relay(rows(12), bus)

    (dead,) = outbox.queues.sent
    assert (again, outbox.left) == ([], [])
    assert len(bus.heard) == 11
    assert (dead.queue, dead.attributes) == ("the-dead-letters", {"Reason": code})
    assert json.loads(dead.body) == an_outbox_row(3)


def test_a_call_refused_as_a_whole_is_repeated_one_by_one(outbox: Outbox) -> None:
    bus = FakeBus(refuses_call=only_bad("ValidationException"))

    again = outbox.relay(rows(5), bus)

    assert bus.calls == [5, 1, 1, 1, 1, 1]
    assert len(bus.heard) == 4
    assert json.loads(outbox.queues.sent[0].body) == an_outbox_row(3)
    assert (again, outbox.left) == ([], [])


def test_a_throttled_call_is_not_repeated_but_comes_again(outbox: Outbox) -> None:
    bus = FakeBus(refuses_call=only_bad("ThrottlingException"))

    again = outbox.relay(rows(5), bus)

    assert bus.calls == [5]
    assert again == [f"seq-{number}" for number in range(5)]
    assert len(outbox.left) == 5


def test_a_missing_grant_leaves_the_fact_where_it_is(outbox: Outbox) -> None:
    bus = FakeBus(refuses_call=only_bad("AccessDeniedException"))

    again = outbox.relay(rows(5), bus)

    assert again == ["seq-3"]
    assert outbox.left == [BAD]
    assert outbox.queues.sent == []


def test_a_fact_that_cannot_even_be_buried_stays(outbox: Outbox) -> None:
    outbox.queues.down = True

    with pytest.raises(type(refused(""))):
        outbox.relay(rows(5), FakeBus(only_bad("MalformedDetail")))

    assert BAD in outbox.left


def test_the_sweep_says_what_the_stream_left_behind_in_every_partition(outbox: Outbox) -> None:
    old, bus = stamp(now() - timedelta(minutes=3)), FakeBus()

    outbox.relay(rows(50, at=old), bus, event={})

    assert len(bus.heard) == 50
    assert outbox.left == []


def test_the_sweep_leaves_young_facts_to_the_stream(outbox: Outbox) -> None:
    young, old = stamp(now() - timedelta(minutes=1)), stamp(now() - timedelta(minutes=3))
    mixed = [an_outbox_row(number, at=old if number % 2 else young) for number in range(6)]
    bus = FakeBus()

    outbox.relay(mixed, bus, event={})

    assert outbox.left == ["fact-000", "fact-002", "fact-004"]
    assert len(bus.heard) == 3


def test_the_sweep_has_nothing_to_deliver_again(outbox: Outbox) -> None:
    bus = FakeBus(only_bad("ThrottlingException"))

    again = outbox.relay(rows(5), bus, event={})

    assert (again, outbox.left) == ([], [BAD])


def test_a_sweep_cut_off_by_its_timeout_has_got_somewhere(outbox: Outbox) -> None:
    bus = FakeBus()

    with pytest.raises(TimeoutError):
        outbox.relay(rows(80), bus, event={}, queries=20)

    assert len(bus.heard) == 80 - len(outbox.left)
    assert 0 < len(outbox.left) < 80
