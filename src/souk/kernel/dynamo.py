"""The few DynamoDB calls rooms have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel import aws
from souk.kernel.items import Item, from_item, to_item
from souk.kernel.patience import tries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BATCH_GET_LIMIT = 100
CONDITION = "ConditionalCheckFailed"
PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Why DynamoDB cancels a transaction whose conditions may well hold."""


class ConditionFailed(Exception):
    """A transaction's conditions did not hold; nothing was written."""

    def __init__(self, failed: frozenset[int]) -> None:
        super().__init__(f"conditions failed at {sorted(failed)}")
        self.failed = failed
        """Positions of the actions whose condition failed."""


def transact(actions: Sequence[dict[str, Any]]) -> None:
    """Write all actions or none; one alone needs no transaction, at twice the price.

    DynamoDB cancels one of two transactions that touch the same item at the same moment;
    that says nothing about the conditions, so it is tried again.
    Raises ConditionFailed, or Busy when the items stay contended.
    """
    if len(actions) == 1:
        _alone(*actions)
    else:
        _together("transact_write_items", actions)


def get_together(table: str, *keys: tuple[str, str]) -> list[dict[str, Any] | None]:
    """The rows, None for one that is not there, as of one moment: no transaction half seen."""
    wanted = [{"Get": {"TableName": table, "Key": key(*each)}} for each in keys]
    found = _together("transact_get_items", wanted)["Responses"]
    return [from_item(each["Item"]) if "Item" in each else None for each in found]


def _together(operation: str, actions: Sequence[dict[str, Any]]) -> Any:  # noqa: RET503  tries() ends in Busy
    client = aws.dynamodb()
    for _ in tries():
        try:
            return getattr(client, operation)(TransactItems=actions)
        except client.exceptions.TransactionCanceledException as error:
            codes = [reason.get("Code") for reason in error.response["CancellationReasons"]]
            failed = frozenset(i for i, code in enumerate(codes) if code == CONDITION)
            if failed:
                raise ConditionFailed(failed) from error
            if PASSING.isdisjoint(codes):
                raise


def _alone(action: dict[str, Any]) -> None:
    ((kind, request),) = action.items()
    client = aws.dynamodb()
    for _ in tries():
        try:
            getattr(client, f"{kind.lower()}_item")(**request)
        except client.exceptions.TransactionConflictException:
            continue
        except client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailed(frozenset({0})) from error
        return


def key(pk: str, sk: str) -> Item:
    return to_item({"pk": pk, "sk": sk})


def get(table: str, pk: str, sk: str) -> dict[str, Any] | None:
    """One row as last written (a consistent read), or None."""
    answer = aws.dynamodb().get_item(TableName=table, Key=key(pk, sk), ConsistentRead=True)
    return from_item(answer["Item"]) if "Item" in answer else None


def get_many(table: str, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows that exist, by (pk, sk), read consistently; 100 keys a call."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for start in range(0, len(keys), BATCH_GET_LIMIT):
        wanted = [key(*each) for each in keys[start : start + BATCH_GET_LIMIT]]
        for row in _batch_get(table, wanted):
            found[row["pk"], row["sk"]] = row
    return found


def _batch_get(table: str, wanted: list[Item]) -> Iterator[dict[str, Any]]:
    """Asks again for what one answer (16 MB at most) could not hold."""
    for _ in tries():
        answer = aws.dynamodb().batch_get_item(
            RequestItems={table: {"Keys": wanted, "ConsistentRead": True}}
        )
        yield from map(from_item, answer["Responses"].get(table, []))
        left = answer["UnprocessedKeys"].get(table)
        if not left:
            return
        wanted = [dict(each) for each in left["Keys"]]


def query(table: str, pk: str, **options: Any) -> Iterator[dict[str, Any]]:
    """Every row of one partition in key order, page by page."""
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": to_item({":pk": pk}),
        **options,
    }
    while True:
        answer = aws.dynamodb().query(**request)
        yield from map(from_item, answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
