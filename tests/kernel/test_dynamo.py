"""Transactions say which condition failed, and a clash of two writers is no failure."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from souk.kernel import aws, dynamo, patience
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import Busy
from souk.kernel.items import from_item, to_item

ACTIONS: list[dict[str, Any]] = [{"Put": {}}, {"Put": {}}]


class Cancelled(ClientError):
    """What DynamoDB raises, with a code per action."""

    def __init__(self, *codes: str) -> None:
        answer = {"Error": {"Code": "TransactionCanceledException", "Message": "cancelled"}}
        super().__init__(answer, "TransactWriteItems")  # type: ignore[arg-type]  # plain dicts
        self.response["CancellationReasons"] = [{"Code": code} for code in codes]


class Conflict(ClientError):
    """What DynamoDB raises of a write outside of a transaction that has its item at hand."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "TransactionConflictException"}}, "UpdateItem")


class Refused(ClientError):
    """What DynamoDB raises of a write whose condition does not hold."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")


class FakeDynamo:
    """Fails one call after another as told, then takes what comes; holds rows to be read."""

    class exceptions:  # noqa: N801  as the client has it
        TransactionCanceledException = Cancelled
        TransactionConflictException = Conflict
        ConditionalCheckFailedException = Refused

    def __init__(self, *cancelled: ClientError) -> None:
        self._cancelled = list(cancelled)
        self.calls: list[int] = []
        self.written: list[Any] = []
        self.rows: dict[str, dict[str, Any]] = {}
        self.a_call_holds = 100

    def transact_write_items(self, **call: Any) -> None:
        self.calls.append(len(call["TransactItems"]))
        if self._cancelled:
            raise self._cancelled.pop(0)
        self.written.append(call["TransactItems"])

    def update_item(self, **call: Any) -> None:
        self.calls.append(1)
        if self._cancelled:
            raise self._cancelled.pop(0)
        self.written.append([{"Update": call}])

    def batch_get_item(self, **call: Any) -> dict[str, Any]:
        ((table, request),) = call["RequestItems"].items()
        assert request["ConsistentRead"]
        assert len(request["Keys"]) <= 100
        self.calls.append(len(request["Keys"]))
        now, later = request["Keys"][: self.a_call_holds], request["Keys"][self.a_call_holds :]
        found = [self.rows[key["pk"]["S"]] for key in now if key["pk"]["S"] in self.rows]
        left = {table: {"Keys": later}} if later else {}
        return {"Responses": {table: list(map(to_item, found))}, "UnprocessedKeys": left}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


def given(patch: pytest.MonkeyPatch, *cancelled: ClientError) -> FakeDynamo:
    fake = FakeDynamo(*cancelled)
    patch.setattr(aws, "dynamodb", lambda: fake)
    return fake


def test_all_actions_are_written_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = given(monkeypatch)

    dynamo.transact(ACTIONS)

    assert fake.written == [ACTIONS]


def test_a_clash_with_another_writer_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, no_waiting: list[float]
) -> None:
    fake = given(monkeypatch, *[Cancelled("None", "TransactionConflict") for _ in range(3)])

    dynamo.transact(ACTIONS)

    assert fake.written == [ACTIONS]
    assert len(no_waiting) == 3


def test_a_clash_that_does_not_end_is_told_as_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = given(monkeypatch, *[Cancelled("TransactionConflict") for _ in range(20)])

    with pytest.raises(Busy):
        dynamo.transact(ACTIONS)

    assert fake.written == []
    assert len(fake.calls) == patience.TRIES


@pytest.mark.parametrize(
    ("codes", "failed"),
    [
        (("ConditionalCheckFailed", "None"), {0}),
        (("None", "ConditionalCheckFailed"), {1}),
        (("ConditionalCheckFailed", "ConditionalCheckFailed"), {0, 1}),
        (("TransactionConflict", "ConditionalCheckFailed"), {1}),
    ],
)
def test_a_condition_that_failed_is_told_by_its_place(
    monkeypatch: pytest.MonkeyPatch, codes: tuple[str, ...], failed: set[int]
) -> None:
    fake = given(monkeypatch, Cancelled(*codes))

    with pytest.raises(ConditionFailed) as told:
        dynamo.transact(ACTIONS)

    assert told.value.failed == failed
    assert len(fake.calls) == 1


def test_any_other_cancellation_rises_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = given(monkeypatch, Cancelled("ValidationError", "None"))

    with pytest.raises(Cancelled):
        dynamo.transact(ACTIONS)

    assert len(fake.calls) == 1


ALONE: list[dict[str, Any]] = [{"Update": {"TableName": "table", "Key": {}}}]


def test_one_action_alone_is_no_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = given(monkeypatch, Conflict(), Conflict())

    dynamo.transact(ALONE)

    assert (fake.written, fake.calls) == ([ALONE], [1, 1, 1])


def test_one_action_whose_condition_fails_is_told_like_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(monkeypatch, Refused())

    with pytest.raises(ConditionFailed) as told:
        dynamo.transact(ALONE)

    assert told.value.failed == {0}


def test_one_action_that_never_gets_its_turn_is_told_as_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = given(monkeypatch, *[Conflict() for _ in range(20)])

    with pytest.raises(Busy):
        dynamo.transact(ALONE)

    assert len(fake.calls) == patience.TRIES


def test_what_one_answer_could_not_hold_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = given(monkeypatch)
    fake.rows = {f"p{n}": {"pk": f"p{n}", "sk": "s", "n": n} for n in range(7)}
    fake.a_call_holds = 3

    found = dynamo.get_many("table", [(f"p{n}", "s") for n in range(8)])

    assert found == {(f"p{n}", "s"): fake.rows[f"p{n}"] for n in range(7)}
    assert fake.calls == [8, 5, 2]


def test_more_keys_than_a_call_takes_are_asked_for_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = given(monkeypatch)
    fake.rows = {f"p{n}": {"pk": f"p{n}", "sk": "s"} for n in range(250)}

    found = dynamo.get_many("table", [(pk, "s") for pk in fake.rows])

    assert len(found) == 250
    assert fake.calls == [100, 100, 50]


def test_asking_for_nothing_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = given(monkeypatch)

    assert dynamo.get_many("table", []) == {}
    assert fake.calls == []


def test_a_key_is_stored_as_text() -> None:
    assert from_item(dynamo.key("ORDER#1", "HEAD")) == {"pk": "ORDER#1", "sk": "HEAD"}
