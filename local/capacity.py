"""Capacity units as DynamoDB bills them, from real requests and answers.

What the engine reports for writes matches AWS. For reads it reports one unit whatever was
read, or nothing, so these are worked out from the items that came back.
"""

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

READS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"})
READ_UNIT = 4096  # bytes


def read_units(operation: str, request: Json, answer: Json) -> float:
    """Each item read by key counts by itself, a query's items together; absent ones count one."""
    match operation:
        case "GetItem":
            return _rate(request) * _units([answer.get("Item", {})])
        case "TransactGetItems":
            return 2.0 * sum(_units([each.get("Item", {})]) for each in answer.get("Responses", []))
        case "BatchGetItem":
            return sum(
                _rate(asked) * _by_key(asked["Keys"], answer.get("Responses", {}).get(table, []))
                for table, asked in request["RequestItems"].items()
            )
    return _rate(request) * _units(answer.get("Items", []))


def reported_units(request: Json, answer: Json) -> float:
    """What a write cost; a refused one costs what its items would, at least one unit each."""
    reported = answer.get("ConsumedCapacity")
    if reported is None:
        actions = len(request.get("TransactItems", []))
        return 2.0 * actions if actions else float("Key" in request or "Item" in request)
    each = reported if isinstance(reported, list) else [reported]
    return sum(float(table["CapacityUnits"]) for table in each)


def _rate(request: Json) -> float:
    return 1.0 if request.get("ConsistentRead") else 0.5


def _by_key(keys: list[Json], items: list[Json]) -> int:
    absent = len(keys) - len(items)
    return absent + sum(_units([item]) for item in items)


def _units(items: Iterable[Json]) -> int:
    from ministack.services import dynamodb

    size: int = sum(dynamodb._item_size_bytes(item) for item in items)  # noqa: SLF001  AWS's rule
    return max(1, -(-size // READ_UNIT))
