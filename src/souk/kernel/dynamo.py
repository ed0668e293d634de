"""The DynamoDB calls that several services make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel import aws
from souk.kernel.items import Item, from_item, to_item
from souk.kernel.retry import attempts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BATCH_GET_LIMIT = 100
CONDITION_FAILED = "ConditionalCheckFailed"
RETRYABLE = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Cancellation codes worth retrying: they say nothing about the conditions."""


class ConditionFailed(Exception):
    """A condition did not hold; nothing was written."""

    def __init__(self, failed: frozenset[int]) -> None:
        super().__init__(f"conditions failed at {sorted(failed)}")
        self.failed = failed
        """Positions of the actions whose condition failed."""


def transact_write(actions: Sequence[dict[str, Any]]) -> None:
    """Write all actions or none. A single action is a plain write, which costs half.

    DynamoDB cancels one of two transactions that touch the same item at the same time, and one
    that it throttles; such a transaction is retried.
    Raises ConditionFailed, or Busy when that lasts.
    """
    if len(actions) == 1:
        _write_one(*actions)
    else:
        _run_transaction("transact_write_items", actions)


def transact_get(table: str, *keys: tuple[str, str]) -> list[dict[str, Any] | None]:
    """The rows as of one moment, in the order of `keys`; None for a row that does not exist.

    Unlike a batch read, it never sees half of a transaction. Raises Busy.
    """
    gets = [{"Get": {"TableName": table, "Key": key(*each)}} for each in keys]
    responses = _run_transaction("transact_get_items", gets)["Responses"]
    return [from_item(each["Item"]) if "Item" in each else None for each in responses]


def _run_transaction(operation: str, actions: Sequence[dict[str, Any]]) -> Any:  # noqa: RET503  attempts() ends in Busy
    client = aws.dynamodb()
    for _ in attempts():
        try:
            return getattr(client, operation)(TransactItems=actions)
        except client.exceptions.TransactionCanceledException as error:
            codes = [reason.get("Code") for reason in error.response["CancellationReasons"]]
            failed = frozenset(i for i, code in enumerate(codes) if code == CONDITION_FAILED)
            if failed:
                raise ConditionFailed(failed) from error
            if RETRYABLE.isdisjoint(codes):
                raise


def _write_one(action: dict[str, Any]) -> None:
    ((operation, request),) = action.items()
    client = aws.dynamodb()
    for _ in attempts():
        try:
            getattr(client, f"{operation.lower()}_item")(**request)
        except client.exceptions.TransactionConflictException:
            continue
        except client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailed(frozenset({0})) from error
        return


def key(pk: str, sk: str) -> Item:
    return to_item({"pk": pk, "sk": sk})


def get(table: str, pk: str, sk: str) -> dict[str, Any] | None:
    """One row by a consistent read, or None."""
    response = aws.dynamodb().get_item(TableName=table, Key=key(pk, sk), ConsistentRead=True)
    return from_item(response["Item"]) if "Item" in response else None


def batch_get(table: str, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows that exist, by (pk, sk). Consistent reads, 100 keys per call. Raises Busy."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for start in range(0, len(keys), BATCH_GET_LIMIT):
        chunk = [key(*each) for each in keys[start : start + BATCH_GET_LIMIT]]
        for row in _batch_get(table, chunk):
            rows[row["pk"], row["sk"]] = row
    return rows


def _batch_get(table: str, keys: list[Item]) -> Iterator[dict[str, Any]]:
    """Repeats the call for keys that one response (16 MB at most) leaves unprocessed."""
    for _ in attempts():
        response = aws.dynamodb().batch_get_item(
            RequestItems={table: {"Keys": keys, "ConsistentRead": True}}
        )
        yield from map(from_item, response["Responses"].get(table, []))
        unprocessed = response["UnprocessedKeys"].get(table)
        if not unprocessed:
            return
        keys = [dict(each) for each in unprocessed["Keys"]]


def query(table: str, pk: str, **options: Any) -> Iterator[dict[str, Any]]:
    """All rows of a partition in key order, fetched page by page. `options` go to Query."""
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": to_item({":pk": pk}),
        **options,
    }
    while True:
        response = aws.dynamodb().query(**request)
        yield from map(from_item, response["Items"])
        if "LastEvaluatedKey" not in response:
            return
        request["ExclusiveStartKey"] = response["LastEvaluatedKey"]
