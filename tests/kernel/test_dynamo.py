"""Writes name the conditions that failed and retry conflicts; reads repeat what is unprocessed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from souk.kernel import aws, dynamo, retry
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import Busy
from souk.kernel.items import from_item, to_item

ACTIONS: list[dict[str, Any]] = [{"Put": {}}, {"Put": {}}]


class TransactionCanceled(ClientError):
    """Raised by DynamoDB for a transaction, with a code per action."""

    def __init__(self, *codes: str) -> None:
        response = {"Error": {"Code": "TransactionCanceledException", "Message": "cancelled"}}
        super().__init__(response, "TransactWriteItems")  # type: ignore[arg-type]  # plain dicts
        self.response["CancellationReasons"] = [{"Code": code} for code in codes]


class TransactionConflict(ClientError):
    """Raised by DynamoDB for a single write while a transaction changes the same item."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "TransactionConflictException"}}, "UpdateItem")


class ConditionalCheckFailed(ClientError):
    """Raised by DynamoDB for a single write whose condition does not hold."""

    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")


class FakeDynamo:
    """DynamoDB. Writes raise `errors` one after another, then succeed; reads return `rows` by pk.

    A read processes at most `batch_get_limit` keys.
    """

    class exceptions:  # noqa: N801  the client's name for it
        TransactionCanceledException = TransactionCanceled
        TransactionConflictException = TransactionConflict
        ConditionalCheckFailedException = ConditionalCheckFailed

    def __init__(self, *errors: ClientError) -> None:
        self._errors = list(errors)
        self.calls: list[int] = []
        self.written: list[Any] = []
        self.rows: dict[str, dict[str, Any]] = {}
        self.batch_get_limit = 100

    def transact_write_items(self, **call: Any) -> None:
        self.calls.append(len(call["TransactItems"]))
        if self._errors:
            raise self._errors.pop(0)
        self.written.append(call["TransactItems"])

    def update_item(self, **call: Any) -> None:
        self.calls.append(1)
        if self._errors:
            raise self._errors.pop(0)
        self.written.append([{"Update": call}])

    def batch_get_item(self, **call: Any) -> dict[str, Any]:
        ((table, request),) = call["RequestItems"].items()
        assert request["ConsistentRead"]
        assert len(request["Keys"]) <= 100
        self.calls.append(len(request["Keys"]))
        processed = request["Keys"][: self.batch_get_limit]
        rest = request["Keys"][self.batch_get_limit :]
        found = [self.rows[key["pk"]["S"]] for key in processed if key["pk"]["S"] in self.rows]
        unprocessed = {table: {"Keys": rest}} if rest else {}
        return {"Responses": {table: list(map(to_item, found))}, "UnprocessedKeys": unprocessed}


@pytest.fixture(autouse=True)
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses in seconds; none of them really sleeps."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    return pauses


def use_fake_dynamo(patch: pytest.MonkeyPatch, *errors: ClientError) -> FakeDynamo:
    fake = FakeDynamo(*errors)
    patch.setattr(aws, "dynamodb", lambda: fake)
    return fake


def test_all_actions_are_written_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_fake_dynamo(monkeypatch)

    dynamo.transact_write(ACTIONS)

    assert fake.written == [ACTIONS]


def test_a_conflict_with_another_writer_is_retried(
    monkeypatch: pytest.MonkeyPatch, sleeps: list[float]
) -> None:
    fake = use_fake_dynamo(
        monkeypatch, *[TransactionCanceled("None", "TransactionConflict") for _ in range(3)]
    )

    dynamo.transact_write(ACTIONS)

    assert fake.written == [ACTIONS]
    assert len(sleeps) == 3


def test_a_lasting_conflict_raises_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_fake_dynamo(
        monkeypatch, *[TransactionCanceled("TransactionConflict") for _ in range(20)]
    )

    with pytest.raises(Busy):
        dynamo.transact_write(ACTIONS)

    assert fake.written == []
    assert len(fake.calls) == retry.MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("codes", "failed"),
    [
        (("ConditionalCheckFailed", "None"), {0}),
        (("None", "ConditionalCheckFailed"), {1}),
        (("ConditionalCheckFailed", "ConditionalCheckFailed"), {0, 1}),
        (("TransactionConflict", "ConditionalCheckFailed"), {1}),
    ],
)
def test_failed_conditions_are_named_by_position(
    monkeypatch: pytest.MonkeyPatch, codes: tuple[str, ...], failed: set[int]
) -> None:
    fake = use_fake_dynamo(monkeypatch, TransactionCanceled(*codes))

    with pytest.raises(ConditionFailed) as error:
        dynamo.transact_write(ACTIONS)

    assert error.value.failed == failed
    assert len(fake.calls) == 1


def test_any_other_cancellation_is_raised_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_fake_dynamo(monkeypatch, TransactionCanceled("ValidationError", "None"))

    with pytest.raises(TransactionCanceled):
        dynamo.transact_write(ACTIONS)

    assert len(fake.calls) == 1


SINGLE_ACTION: list[dict[str, Any]] = [{"Update": {"TableName": "table", "Key": {}}}]


def test_a_single_action_is_a_plain_write_and_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_fake_dynamo(monkeypatch, TransactionConflict(), TransactionConflict())

    dynamo.transact_write(SINGLE_ACTION)

    assert (fake.written, fake.calls) == ([SINGLE_ACTION], [1, 1, 1])


def test_a_single_action_whose_condition_fails_raises_condition_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_fake_dynamo(monkeypatch, ConditionalCheckFailed())

    with pytest.raises(ConditionFailed) as error:
        dynamo.transact_write(SINGLE_ACTION)

    assert error.value.failed == {0}


def test_a_lasting_conflict_of_a_single_action_raises_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = use_fake_dynamo(monkeypatch, *[TransactionConflict() for _ in range(20)])

    with pytest.raises(Busy):
        dynamo.transact_write(SINGLE_ACTION)

    assert len(fake.calls) == retry.MAX_ATTEMPTS


def test_unprocessed_keys_are_requested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_fake_dynamo(monkeypatch)
    fake.rows = {f"p{n}": {"pk": f"p{n}", "sk": "s", "n": n} for n in range(7)}
    fake.batch_get_limit = 3

    found = dynamo.batch_get("table", [(f"p{n}", "s") for n in range(8)])

    assert found == {(f"p{n}", "s"): fake.rows[f"p{n}"] for n in range(7)}
    assert fake.calls == [8, 5, 2]


def test_more_keys_than_one_call_allows_are_requested_in_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = use_fake_dynamo(monkeypatch)
    fake.rows = {f"p{n}": {"pk": f"p{n}", "sk": "s"} for n in range(250)}

    found = dynamo.batch_get("table", [(pk, "s") for pk in fake.rows])

    assert len(found) == 250
    assert fake.calls == [100, 100, 50]


def test_reading_no_keys_makes_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_fake_dynamo(monkeypatch)

    assert dynamo.batch_get("table", []) == {}
    assert fake.calls == []


def test_a_key_consists_of_strings() -> None:
    assert from_item(dynamo.key("ORDER#1", "HEAD")) == {"pk": "ORDER#1", "sk": "HEAD"}
