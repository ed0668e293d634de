"""Capacity units as DynamoDB bills them, computed from real requests and responses.

MiniStack reports the same units as AWS for writes. For reads it reports one unit whatever the
size, or none at all, so this module computes them from the items in the response.
"""

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

READS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"})
READ_UNIT_BYTES = 4096


def read_units(operation: str, request: Json, response: Json) -> float:
    """Read units of a request.

    Each item read by its key is rounded up by itself; the items of a query or scan are rounded up
    together. A missing item costs one unit, half of it for an eventually consistent read.
    """
    match operation:
        case "GetItem":
            return _units_per_item(request) * _rounded_units([response.get("Item", {})])
        case "TransactGetItems":
            gets = response.get("Responses", [])
            return 2.0 * sum(_rounded_units([get.get("Item", {})]) for get in gets)
        case "BatchGetItem":
            items = response.get("Responses", {})
            return sum(
                _units_per_item(read) * _units_by_key(read["Keys"], items.get(table, []))
                for table, read in request["RequestItems"].items()
            )
    return _units_per_item(request) * _rounded_units(response.get("Items", []))


def reported_units(request: Json, response: Json) -> float:
    """Write units of a request, as MiniStack reports them.

    A rejected write has no report. It costs what its items would cost, at least one unit each.
    """
    reported = response.get("ConsumedCapacity")
    if reported is None:
        actions = len(request.get("TransactItems", []))
        return 2.0 * actions if actions else float("Key" in request or "Item" in request)
    tables = reported if isinstance(reported, list) else [reported]
    return sum(float(table["CapacityUnits"]) for table in tables)


def _units_per_item(request: Json) -> float:
    """Units per 4 KB: a strongly consistent read costs twice as much."""
    return 1.0 if request.get("ConsistentRead") else 0.5


def _units_by_key(keys: list[Json], items: list[Json]) -> int:
    missing = len(keys) - len(items)
    return missing + sum(_rounded_units([item]) for item in items)


def _rounded_units(items: Iterable[Json]) -> int:
    from ministack.services import dynamodb

    size: int = sum(dynamodb._item_size_bytes(item) for item in items)  # noqa: SLF001  AWS's rule
    return max(1, -(-size // READ_UNIT_BYTES))
