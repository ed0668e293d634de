"""Stock and holds in DynamoDB.

    pk               sk           what
    STOCK#<sku>      STOCK        received, available, turn; in index `by_shelf`
    STOCK#<sku>      MOVE#<key>   a receipt or an adjustment, by its Idempotency-Key, or what a
                                  return had written off, by the return; for good
    HOLD#<order>     HEAD         status, progress, lease; while leased in index `by_lease`
    HOLD#<order>     LINES        the order's lines by SKU, never changed; a tombstone has none
    HOLD#<order>     RETURN#<id>  what came back, the first `progress` lines of it booked
    OUTBOX#<n>       <fact id>    facts on their way to the bus

`received` is all moves added up. Of a hold the first `progress` lines are taken from what is
available: sold when its status is `committed`, reserved otherwise. Of what came back, the
booked lines are sold no more. None of it is counted again in a row of its own:
received = available + reserved + sold.

Index `by_shelf` (shelf, sku) lists all SKUs; index `by_lease` (lease, lease_ends) is what the
sweep looks through. Both carry keys only: a sale writes nothing to the shelf's one partition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from souk.inventory.commands import Shortage, WantedLine
from souk.inventory.domain import (
    Change,
    Hold,
    Move,
    Moved,
    Return,
    Status,
    Stock,
)
from souk.inventory.plans import Booking, Shelf, Step
from souk.kernel import aws, dynamo, outbox
from souk.kernel.clock import stamp
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import InvalidQuery, NotFound
from souk.kernel.items import from_item, to_item

SHELF = "all"
LEASES = [f"LEASE#{number}" for number in range(8)]
"""Leases are spread by order, so that a busy shop's are no hot partition."""

_CURSOR = re.compile(r"[A-Za-z0-9._-]{1,40}")

Action = dict[str, Any]
Key = tuple[str, str]


class Page(NamedTuple):
    stock: list[Stock]
    next: str | None


class InventoryStore:
    def __init__(self, table: str) -> None:
        self._table = table

    # --- stock ---------------------------------------------------------------------------

    def get(self, sku: str) -> Stock:
        """Raises NotFound for what never came."""
        row = dynamo.get(self._table, *_stock_key(sku))
        if row is None:
            raise NotFound(f"of {sku} nothing was ever received")
        return _stock(row)

    def page(self, limit: int, cursor: str | None) -> Page:
        """All stock, by SKU."""
        start = {} if cursor is None else {"ExclusiveStartKey": _start(cursor)}
        answer = aws.dynamodb().query(
            TableName=self._table,
            IndexName="by_shelf",
            KeyConditionExpression="shelf = :shelf",
            ExpressionAttributeValues=to_item({":shelf": SHELF}),
            Limit=limit + 1,  # one more tells whether another page follows
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        skus = [from_item(item)["sku"] for item in answer["Items"]]
        rows = dynamo.get_many(self._table, [_stock_key(sku) for sku in skus[:limit]])
        stock = [_stock(rows[_stock_key(sku)]) for sku in skus[:limit]]
        return Page(stock, skus[limit - 1] if len(skus) > limit else None)

    def move_and_stock(self, sku: str, key: str) -> tuple[Move | None, Stock]:
        rows = dynamo.get_many(self._table, [_move_key(sku, key), _stock_key(sku)])
        known, stock = rows.get(_move_key(sku, key)), rows.get(_stock_key(sku))
        return _move(known) if known else None, _stock(stock) if stock else Stock(sku=sku)

    def move(self, move: Move, change: Change) -> None:
        self._write(
            self._move(move),
            self._change(change),
            *outbox.puts(self._table, *change.facts()),
        )

    # --- holds ---------------------------------------------------------------------------

    def look(self, order_id: str, skus: Sequence[str]) -> tuple[Hold | None, Shelf]:
        keys = [*_hold_keys(order_id), *map(_stock_key, skus)]
        rows = dynamo.get_many(self._table, keys)
        shelf = {
            sku: _stock(rows[key]) if (key := _stock_key(sku)) in rows else Stock(sku=sku)
            for sku in skus
        }
        head, lines = (rows.get(key) for key in _hold_keys(order_id))
        if head is not None and head["line_count"] and lines is None:  # read while written
            head, lines = dynamo.get_together(self._table, *_hold_keys(order_id))
        return _hold(head, lines) if head is not None else None, shelf

    def write(self, step: Step) -> None:
        before, after = step.before, step.after
        head = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before.version:
            head = _if("version = :seen", {":seen": before.version})
        lines = [] if before.version or not after.lines else [self._put(_lines_row(after))]
        self._write(
            self._put(_head_row(after), **head),
            *lines,
            *map(self._change, step.changes),
            *outbox.puts(self._table, *step.facts),
        )

    def commit(self, order_id: str) -> None:
        """One write: what is leased is reserved no more, but sold."""
        update = {
            "TableName": self._table,
            "Key": dynamo.key(*_hold_keys(order_id)[0]),
            "UpdateExpression": "SET #status = :sold ADD version :one REMOVE lease, lease_ends",
            "ExpressionAttributeNames": {"#status": "status"},
            **_if(
                "#status = :held",
                {":sold": Status.COMMITTED.value, ":held": Status.RESERVED.value, ":one": 1},
            ),
        }
        self._write({"Update": update})

    # --- what came back ------------------------------------------------------------------

    def look_at_return(self, back: Return) -> tuple[Hold | None, Return | None, Shelf]:
        hold, shelf = self.look(back.order_id, back.skus)
        row = dynamo.get(self._table, *_return_key(back))
        return hold, _return(row) if row else None, shelf

    def book(self, step: Booking) -> None:
        before, after = step.before, step.after
        pk, sk = _return_key(after)
        row = {"pk": pk, "sk": sk, **msgspec.to_builtins(after)}
        seen = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before.version:
            seen = _if("version = :seen", {":seen": before.version})
        self._write(
            self._put(row, **seen),
            self._came_back(after.order_id, step.pieces),
            *map(self._change, step.changes),
            *map(self._move, step.moves),
            *outbox.puts(self._table, *step.facts),
        )

    def _came_back(self, order_id: str, pieces: int) -> Action:
        """Counted on the hold, so that who would give it back whole learns of it."""
        sold = {":sold": Status.COMMITTED.value, ":pieces": pieces, ":one": 1}
        return {
            "Update": {
                "TableName": self._table,
                "Key": dynamo.key(*_hold_keys(order_id)[0]),
                "UpdateExpression": "ADD version :one, returned :pieces",
                "ExpressionAttributeNames": {"#status": "status"},
                **_if("#status = :sold", sold),
            }
        }

    def ended(self, before: datetime, limit: int) -> list[str]:
        found: list[str] = []
        for part in LEASES:
            answer = aws.dynamodb().query(
                TableName=self._table,
                IndexName="by_lease",
                KeyConditionExpression="lease = :part AND lease_ends <= :before",
                ExpressionAttributeValues=to_item({":part": part, ":before": stamp(before)}),
                Limit=limit,
            )
            found += [from_item(item)["pk"].removeprefix("HOLD#") for item in answer["Items"]]
        return found[:limit]

    # --- writing -------------------------------------------------------------------------

    def _write(self, *actions: Action) -> None:
        try:
            dynamo.transact(actions)
        except ConditionFailed as error:
            raise Moved from error

    def _put(self, row: dict[str, Any], **condition: Any) -> Action:
        return {"Put": {"TableName": self._table, "Item": to_item(row), **condition}}

    def _move(self, move: Move) -> Action:
        pk, sk = _move_key(move.sku, move.key)
        row = {"pk": pk, "sk": sk, **msgspec.structs.asdict(move)}
        return self._put(row, ConditionExpression="attribute_not_exists(pk)")

    def _change(self, change: Change) -> Action:
        """Taking the last piece, or bringing the first, holds only for the stock as it was
        read; any other change only while it does neither. One that takes and brings nothing,
        as a write-off of what was sold, always holds."""
        seen = change.seen
        update = "ADD available :by, received :received"
        values: dict[str, Any] = {":by": change.by, ":received": change.received}
        if not change.by:
            condition = "attribute_exists(pk)"
        elif not change.turns:
            condition = "available > :least"
            values |= {":least": max(0, -change.by)}
        elif seen.turn:
            condition = "available = :seen AND turn = :turn"
            values |= {":seen": seen.available, ":turn": seen.turn, ":one": 1}
            update += ", turn :one"
        else:
            condition = "attribute_not_exists(pk)"
            values |= {":one": 1, ":sku": seen.sku, ":shelf": SHELF}
            update = f"SET sku = :sku, shelf = :shelf {update}, turn :one"
        return {
            "Update": {
                "TableName": self._table,
                "Key": dynamo.key(*_stock_key(seen.sku)),
                "UpdateExpression": update,
                **_if(condition, values),
            }
        }


def _if(condition: str, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "ConditionExpression": condition,
        "ExpressionAttributeValues": to_item(values),
    }


def _stock_key(sku: str) -> Key:
    return f"STOCK#{sku}", "STOCK"


def _move_key(sku: str, key: str) -> Key:
    return f"STOCK#{sku}", f"MOVE#{key}"


def _hold_keys(order_id: str) -> tuple[Key, Key]:
    return (f"HOLD#{order_id}", "HEAD"), (f"HOLD#{order_id}", "LINES")


def _return_key(back: Return) -> Key:
    return f"HOLD#{back.order_id}", f"RETURN#{back.return_id}"


def _start(cursor: str) -> dict[str, Any]:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidQuery.field("/cursor", "this cursor is none of ours; start without one")
    pk, sk = _stock_key(cursor)
    return to_item({"pk": pk, "sk": sk, "shelf": SHELF, "sku": cursor})


def _stock(row: dict[str, Any]) -> Stock:
    return Stock(**{name: row[name] for name in Stock.__struct_fields__})


def _move(row: dict[str, Any]) -> Move:
    known = {name: row[name] for name in row if name not in ("pk", "sk")}
    return Move(**{"note": None, "staff": None} | known)


def _return(row: dict[str, Any]) -> Return:
    return msgspec.convert(row, Return)


def _head_row(hold: Hold) -> dict[str, Any]:
    (pk, sk), _ = _hold_keys(hold.order_id)
    leased = hold.lease_ends is not None
    return {
        "pk": pk,
        "sk": sk,
        "order_id": hold.order_id,
        "journey": hold.journey,
        "status": hold.status.value,
        "progress": hold.progress,
        "line_count": len(hold.lines),
        "version": hold.version,
        "lease": LEASES[crc32(hold.order_id.encode()) % len(LEASES)] if leased else None,
        "lease_ends": hold.lease_ends,
        "ends_as": hold.ends_as.value if hold.ends_as else None,
        "shortages": [msgspec.structs.asdict(short) for short in hold.shortages],
        "returned": hold.returned,
    }


def _lines_row(hold: Hold) -> dict[str, Any]:
    _, (pk, sk) = _hold_keys(hold.order_id)
    lines = [msgspec.structs.asdict(line) for line in hold.lines]
    return {"pk": pk, "sk": sk, "lines": lines}


def _hold(head: dict[str, Any], lines: dict[str, Any] | None) -> Hold:
    return Hold(
        order_id=head["order_id"],
        lines=[WantedLine(**line) for line in lines["lines"]] if lines else [],
        journey=head["journey"],
        status=Status(head["status"]),
        progress=head["progress"],
        version=head["version"],
        lease_ends=head.get("lease_ends"),
        ends_as=Status(head["ends_as"]) if "ends_as" in head else None,
        shortages=[Shortage(**short) for short in head["shortages"]],
        returned=head.get("returned", 0),
    )
