"""Stock and holds in DynamoDB.

    pk               sk               contents
    STOCK#<sku>      STOCK            received, available, availability_version
    STOCK#<sku>      MOVEMENT#<key>   a receipt or adjustment, by Idempotency-Key, or a write-off,
                                      by return; never changed or deleted
    HOLD#<order>     HEAD             status, progress, lease
    HOLD#<order>     LINES            the order's lines by SKU, never changed; a tombstone has none
    HOLD#<order>     RETURN#<id>      a return; its first `progress` lines are booked
    OUTBOX#<n>       <event id>       events not yet on the bus

`received` is the sum of all movements. The first `progress` lines of a hold are allocated: sold if
the hold is `committed`, otherwise reserved. Booked lines of a return are no longer sold. Reserved
and sold quantities have no rows of their own: received = available + reserved + sold.

Index `by_sku` (stock_list, sku) lists all SKUs. Index `by_lease` (lease, lease_expires_at) lists
holds that have a lease, for the reconciler. Both project keys only, so a sale does not write to the
single partition of `by_sku`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from souk.inventory.commands import Shortage, StockLine
from souk.inventory.domain import Hold, HoldStatus, Return, Stock, StockChange, StockMovement
from souk.inventory.plans import BookingStep, HoldStep, StockBySku
from souk.kernel import aws, dynamo, outbox
from souk.kernel.clock import timestamp
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ConcurrentUpdate, InvalidQuery, NotFound
from souk.kernel.items import from_item, to_item

STOCK_LIST = "all"
LEASE_PARTITIONS = [f"LEASE#{number}" for number in range(8)]
"""Leases are spread by order id over these index partitions, to avoid a hot one."""

_CURSOR = re.compile(r"[A-Za-z0-9._-]{1,40}")

Action = dict[str, Any]
Key = tuple[str, str]


class Page(NamedTuple):
    stock: list[Stock]
    next: str | None


class InventoryStore:
    """Implements the protocols `Holds`, `Returns` and `Stocks`, which document its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    # --- stock and movements -------------------------------------------------------------

    def get(self, sku: str) -> Stock:
        """Raises NotFound for a SKU that was never received."""
        row = dynamo.get(self._table, *_stock_key(sku))
        if row is None:
            raise NotFound(f"No stock of {sku} was ever received.")
        return _stock(row)

    def page(self, limit: int, cursor: str | None) -> Page:
        """The stock of all SKUs, sorted by SKU. Raises InvalidQuery for an invalid cursor, Busy."""
        start = {} if cursor is None else {"ExclusiveStartKey": _start_key(cursor)}
        response = aws.dynamodb().query(
            TableName=self._table,
            IndexName="by_sku",
            KeyConditionExpression="stock_list = :stock_list",
            ExpressionAttributeValues=to_item({":stock_list": STOCK_LIST}),
            Limit=limit + 1,  # one extra item shows whether there is a next page
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        skus = [from_item(item)["sku"] for item in response["Items"]]
        rows = dynamo.batch_get(self._table, [_stock_key(sku) for sku in skus[:limit]])
        stock = [_stock(rows[_stock_key(sku)]) for sku in skus[:limit]]
        return Page(stock, skus[limit - 1] if len(skus) > limit else None)

    def load_movement(self, sku: str, key: str) -> tuple[StockMovement | None, Stock]:
        rows = dynamo.batch_get(self._table, [_movement_key(sku, key), _stock_key(sku)])
        movement, stock = rows.get(_movement_key(sku, key)), rows.get(_stock_key(sku))
        return (
            _movement(movement) if movement else None,
            _stock(stock) if stock else Stock(sku=sku),
        )

    def save_movement(self, movement: StockMovement, change: StockChange) -> None:
        self._write(
            self._put_movement(movement),
            self._update_stock(change),
            *outbox.put_actions(self._table, *change.events()),
        )

    # --- holds ---------------------------------------------------------------------------

    def load_hold(self, order_id: str, skus: Sequence[str]) -> tuple[Hold | None, StockBySku]:
        keys = [*_hold_keys(order_id), *map(_stock_key, skus)]
        rows = dynamo.batch_get(self._table, keys)
        stock = {
            sku: _stock(rows[key]) if (key := _stock_key(sku)) in rows else Stock(sku=sku)
            for sku in skus
        }
        head, lines = (rows.get(key) for key in _hold_keys(order_id))
        if head is not None and head["line_count"] and lines is None:  # a write was in progress
            head, lines = dynamo.transact_get(self._table, *_hold_keys(order_id))
        return _hold(head, lines) if head is not None else None, stock

    def save_hold_step(self, step: HoldStep) -> None:
        before, after = step.before, step.after
        is_new = not before.version
        lines = [self._put(_lines_row(after))] if is_new and after.lines else []
        self._write(
            self._put(_head_row(after), **_version_condition(before.version)),
            *lines,
            *map(self._update_stock, step.changes),
            *outbox.put_actions(self._table, *step.events),
        )

    def commit(self, order_id: str) -> None:
        """One write: a committed hold is sold stock and has no lease."""
        values = {
            ":committed": HoldStatus.COMMITTED.value,
            ":reserved": HoldStatus.RESERVED.value,
            ":one": 1,
        }
        update = {
            "TableName": self._table,
            "Key": dynamo.key(*_head_key(order_id)),
            "UpdateExpression": "SET #status = :committed ADD version :one "
            "REMOVE lease, lease_expires_at",
            "ExpressionAttributeNames": {"#status": "status"},
            **_condition("#status = :reserved", values),
        }
        self._write({"Update": update})

    def expired_holds(self, before: datetime, limit: int) -> list[str]:
        """Order ids of at most `limit` holds whose lease ended at or before `before`."""
        order_ids: list[str] = []
        for partition in LEASE_PARTITIONS:
            response = aws.dynamodb().query(
                TableName=self._table,
                IndexName="by_lease",
                KeyConditionExpression="lease = :partition AND lease_expires_at <= :before",
                ExpressionAttributeValues=to_item(
                    {":partition": partition, ":before": timestamp(before)}
                ),
                Limit=limit,
            )
            order_ids += [from_item(it)["pk"].removeprefix("HOLD#") for it in response["Items"]]
        return order_ids[:limit]

    # --- returns -------------------------------------------------------------------------

    def load_return(self, return_: Return) -> tuple[Hold | None, Return | None, StockBySku]:
        hold, stock = self.load_hold(return_.order_id, return_.skus)
        row = dynamo.get(self._table, *_return_key(return_))
        return hold, _return(row) if row else None, stock

    def save_booking_step(self, step: BookingStep) -> None:
        before, after = step.before, step.after
        pk, sk = _return_key(after)
        row = {"pk": pk, "sk": sk, **msgspec.to_builtins(after)}
        self._write(
            self._put(row, **_version_condition(before.version)),
            self._count_returned(after.order_id, step.quantity),
            *map(self._update_stock, step.changes),
            *map(self._put_movement, step.movements),
            *outbox.put_actions(self._table, *step.events),
        )

    def _count_returned(self, order_id: str, quantity: int) -> Action:
        """Adds to `returned` of the hold, so that a later release does not count these items."""
        values = {":committed": HoldStatus.COMMITTED.value, ":quantity": quantity, ":one": 1}
        return {
            "Update": {
                "TableName": self._table,
                "Key": dynamo.key(*_head_key(order_id)),
                "UpdateExpression": "ADD version :one, returned :quantity",
                "ExpressionAttributeNames": {"#status": "status"},
                **_condition("#status = :committed", values),
            }
        }

    # --- writing -------------------------------------------------------------------------

    def _write(self, *actions: Action) -> None:
        try:
            dynamo.transact_write(actions)
        except ConditionFailed as error:
            raise ConcurrentUpdate from error

    def _put(self, row: dict[str, Any], **condition: Any) -> Action:
        return {"Put": {"TableName": self._table, "Item": to_item(row), **condition}}

    def _put_movement(self, movement: StockMovement) -> Action:
        pk, sk = _movement_key(movement.sku, movement.key)
        row = {"pk": pk, "sk": sk, **msgspec.structs.asdict(movement)}
        return self._put(row, ConditionExpression="attribute_not_exists(pk)")

    def _update_stock(self, change: StockChange) -> Action:
        """The update of a stock row, with a condition that depends on the change.

        A change of availability requires the stock exactly as it was read. Other changes of
        `available` only require that they do not change availability now either. A write-off,
        which leaves `available` as it is, only requires that the row exists.
        """
        before = change.before
        update = "ADD available :available_delta, received :received_delta"
        values: dict[str, Any] = {
            ":available_delta": change.available_delta,
            ":received_delta": change.received_delta,
        }
        if not change.available_delta:
            condition = "attribute_exists(pk)"
        elif not change.changes_availability:
            condition = "available > :minimum"
            values |= {":minimum": max(0, -change.available_delta)}
        elif before.availability_version:
            condition = (
                "available = :expected_available AND availability_version = :expected_version"
            )
            values |= {
                ":expected_available": before.available,
                ":expected_version": before.availability_version,
                ":one": 1,
            }
            update += ", availability_version :one"
        else:
            condition = "attribute_not_exists(pk)"
            values |= {":one": 1, ":sku": before.sku, ":stock_list": STOCK_LIST}
            update = f"SET sku = :sku, stock_list = :stock_list {update}, availability_version :one"
        return {
            "Update": {
                "TableName": self._table,
                "Key": dynamo.key(*_stock_key(before.sku)),
                "UpdateExpression": update,
                **_condition(condition, values),
            }
        }


def _condition(expression: str, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "ConditionExpression": expression,
        "ExpressionAttributeValues": to_item(values),
    }


def _version_condition(version: int) -> dict[str, Any]:
    """The condition that the row still has this version; version 0: it does not exist."""
    if not version:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return _condition("version = :version", {":version": version})


def _stock_key(sku: str) -> Key:
    return f"STOCK#{sku}", "STOCK"


def _movement_key(sku: str, key: str) -> Key:
    return f"STOCK#{sku}", f"MOVEMENT#{key}"


def _head_key(order_id: str) -> Key:
    return f"HOLD#{order_id}", "HEAD"


def _hold_keys(order_id: str) -> tuple[Key, Key]:
    """Keys of the head and of the lines."""
    return _head_key(order_id), (f"HOLD#{order_id}", "LINES")


def _return_key(return_: Return) -> Key:
    return f"HOLD#{return_.order_id}", f"RETURN#{return_.return_id}"


def _start_key(cursor: str) -> dict[str, Any]:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidQuery.field(
            "/cursor", "The cursor is invalid. Omit it to start with the first page."
        )
    pk, sk = _stock_key(cursor)
    return to_item({"pk": pk, "sk": sk, "stock_list": STOCK_LIST, "sku": cursor})


def _stock(row: dict[str, Any]) -> Stock:
    return Stock(**{name: row[name] for name in Stock.__struct_fields__})


def _movement(row: dict[str, Any]) -> StockMovement:
    fields = {name: row[name] for name in row if name not in ("pk", "sk")}
    return StockMovement(**{"note": None, "staff": None} | fields)


def _return(row: dict[str, Any]) -> Return:
    return msgspec.convert(row, Return)


def _head_row(hold: Hold) -> dict[str, Any]:
    pk, sk = _head_key(hold.order_id)
    partition = LEASE_PARTITIONS[crc32(hold.order_id.encode()) % len(LEASE_PARTITIONS)]
    final_status = hold.status_after_release
    return {
        "pk": pk,
        "sk": sk,
        "order_id": hold.order_id,
        "correlation_id": hold.correlation_id,
        "status": hold.status.value,
        "progress": hold.progress,
        "line_count": len(hold.lines),
        "version": hold.version,
        "lease": None if hold.lease_expires_at is None else partition,
        "lease_expires_at": hold.lease_expires_at,
        "status_after_release": final_status.value if final_status else None,
        "shortages": [msgspec.structs.asdict(shortage) for shortage in hold.shortages],
        "returned": hold.returned,
    }


def _lines_row(hold: Hold) -> dict[str, Any]:
    _, (pk, sk) = _hold_keys(hold.order_id)
    lines = [msgspec.structs.asdict(line) for line in hold.lines]
    return {"pk": pk, "sk": sk, "lines": lines}


def _hold(head: dict[str, Any], lines: dict[str, Any] | None) -> Hold:
    final_status = head.get("status_after_release")
    return Hold(
        order_id=head["order_id"],
        lines=[StockLine(**line) for line in lines["lines"]] if lines else [],
        correlation_id=head["correlation_id"],
        status=HoldStatus(head["status"]),
        progress=head["progress"],
        version=head["version"],
        lease_expires_at=head.get("lease_expires_at"),
        status_after_release=HoldStatus(final_status) if final_status else None,
        shortages=[Shortage(**shortage) for shortage in head["shortages"]],
        returned=head.get("returned", 0),
    )
