"""Stock and holds kept in memory, and the real ones with their facts laid open."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from souk.inventory.domain import Change, Hold, Move, Moved, Return, Status, Stock
from souk.inventory.events import (
    StockDepleted,
    StockRejected,
    StockReleased,
    StockReplenished,
    StockReserved,
)
from souk.inventory.plans import Booking, Shelf, Step
from souk.inventory.store import InventoryStore
from souk.kernel import aws, dynamo
from souk.kernel.clock import stamp
from souk.kernel.facts import Fact, current_cause
from souk.kernel.items import from_item
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

ORDERS: tuple[type[Fact], ...] = (StockReserved, StockRejected, StockReleased)
Turn = StockDepleted | StockReplenished


class Killed(BaseException):
    """The process ends here, as by a time-out; no `except Exception` holds it up."""


class Trouble:
    """What comes in between. `meanwhile` holds what others do, one after another, each just
    before a write; the `killed_before`-th, or `killed_after`-th, write is the last, whether it
    was refused or not. What others do is not counted and goes well."""

    def __init__(self) -> None:
        self.meanwhile: list[Callable[[], object]] = []
        self.killed_before: int | None = None
        self.killed_after: int | None = None
        self.writes = 0
        self._others = False

    @contextmanager
    def around_a_write(self) -> Iterator[None]:
        if self._others:
            yield
            return
        self.writes += 1
        if self.meanwhile:
            self._others = True
            self.meanwhile.pop(0)()
            self._others = False
        if self.writes == self.killed_before:
            raise Killed
        try:
            yield
        finally:
            if self.writes == self.killed_after:
                raise Killed

    def is_over(self) -> None:
        self.__init__()  # type: ignore[misc]  # as new


def fits_in_a_transaction(step: Step) -> None:
    """The hold's head and, the first time, its lines; what changes; what is said of it."""
    own = 1 if step.before.version else 2
    assert own + len(step.changes) + len(step.facts) <= 100


class FakeInventory:
    """Stock, moves and holds; `said` are the facts told, `journeys` for whom each write was."""

    def __init__(self) -> None:
        self._stock: dict[str, Stock] = {}
        self._moves: dict[tuple[str, str], Move] = {}
        self._holds: dict[str, Hold] = {}
        self._returns: dict[tuple[str, str], Return] = {}
        self.said: list[Fact] = []
        self.journeys: list[str] = []
        self.trouble = Trouble()

    # --- what use cases ask for

    def move_and_stock(self, sku: str, key: str) -> tuple[Move | None, Stock]:
        return self._moves.get((sku, key)), self._of(sku)

    def move(self, move: Move, change: Change) -> None:
        with self.trouble.around_a_write():
            if (move.sku, move.key) in self._moves:
                raise Moved
            self._apply([change])
            self._moves[move.sku, move.key] = move
            self.said += change.facts()

    def look(self, order_id: str, skus: Sequence[str]) -> tuple[Hold | None, Shelf]:
        return self._holds.get(order_id), {sku: self._of(sku) for sku in skus}

    def write(self, step: Step) -> None:
        with self.trouble.around_a_write():
            order_id = step.after.order_id
            known = self._holds.get(order_id)
            if (known.version if known else 0) != step.before.version:
                raise Moved
            fits_in_a_transaction(step)
            self._apply(step.changes)
            self._holds[order_id] = step.after
            self.said += step.facts
            self.journeys.append(current_cause().correlation_id)

    def commit(self, order_id: str) -> None:
        with self.trouble.around_a_write():
            known = self._holds.get(order_id)
            if known is None or known.status is not Status.RESERVED:
                raise Moved
            self._holds[order_id] = replace(
                known, status=Status.COMMITTED, version=known.version + 1, lease_ends=None
            )

    def look_at_return(self, back: Return) -> tuple[Hold | None, Return | None, Shelf]:
        hold, shelf = self.look(back.order_id, back.skus)
        return hold, self._returns.get((back.order_id, back.return_id)), shelf

    def book(self, step: Booking) -> None:
        with self.trouble.around_a_write():
            name = step.after.order_id, step.after.return_id
            known, hold = self._returns.get(name), self._holds.get(step.after.order_id)
            if (known.version if known else 0) != step.before.version:
                raise Moved
            if hold is None or hold.status is not Status.COMMITTED:
                raise Moved
            assert 2 + len(step.changes) + len(step.moves) + len(step.facts) <= 100
            self._apply(step.changes)
            for move in step.moves:
                assert (move.sku, move.key) not in self._moves
                self._moves[move.sku, move.key] = move
            self._returns[name] = step.after
            self._holds[hold.order_id] = replace(
                hold, version=hold.version + 1, returned=hold.returned + step.pieces
            )
            self.said += step.facts

    def ended(self, before: datetime, limit: int) -> list[str]:
        return [
            hold.order_id
            for hold in self._holds.values()
            if hold.lease_ends is not None and hold.lease_ends <= stamp(before)
        ][:limit]

    # --- what tests look at

    def holds(self) -> list[Hold]:
        return list(self._holds.values())

    def returns(self) -> list[Return]:
        return list(self._returns.values())

    def moved(self, sku: str) -> int:
        return sum(move.by for move in self._moves.values() if move.sku == sku)

    def _of(self, sku: str) -> Stock:
        return self._stock.get(sku, Stock(sku=sku))

    def _apply(self, changes: list[Change]) -> None:
        """All or nothing, on the conditions the table sets."""
        for change in changes:
            now, seen = self._of(change.seen.sku), change.seen
            if not change.by:
                fits = change.seen.sku in self._stock
            elif change.turns:
                fits = (now.available, now.turn) == (seen.available, seen.turn)
            else:
                fits = now.available > max(0, -change.by)
            if not fits:
                raise Moved
        for change in changes:
            now = self._of(change.seen.sku)
            self._stock[now.sku] = Stock(
                sku=now.sku,
                received=now.received + change.received,
                available=now.available + change.by,
                turn=now.turn + change.turns,
            )


class StoredInventory(InventoryStore):
    """The real store on a table no relay reads."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.trouble = Trouble()

    def _write(self, *actions: dict[str, Any]) -> None:
        assert len(actions) <= 100
        with self.trouble.around_a_write():
            super()._write(*actions)

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, *ORDERS, StockDepleted, StockReplenished)

    def holds(self) -> list[Hold]:
        found = []
        for row in self._rows():
            if row["sk"] == "HEAD":
                hold, _ = self.look(row["order_id"], [])
                assert hold is not None
                found.append(hold)
        return found

    def returns(self) -> list[Return]:
        rows = [row for row in self._rows() if row["sk"].startswith("RETURN#")]
        return [msgspec.convert(row, Return) for row in rows]

    def moved(self, sku: str) -> int:
        rows = dynamo.query(self._table, f"STOCK#{sku}")
        return sum(row["by"] for row in rows if row["sk"].startswith("MOVE#"))

    def _rows(self) -> Iterator[dict[str, Any]]:
        for page in aws.dynamodb().get_paginator("scan").paginate(TableName=self._table):
            yield from map(from_item, page["Items"])


Inventory = FakeInventory | StoredInventory


def available(inventory: Inventory, sku: str = "LAMP") -> int:
    return inventory.move_and_stock(sku, "no such key")[1].available


def held(inventory: Inventory) -> dict[str, int]:
    """How many of each SKU are reserved or sold, and did not come back."""
    found: dict[str, int] = {}
    for hold in inventory.holds():
        for line in hold.lines[: hold.progress]:
            found[line.sku] = found.get(line.sku, 0) + line.quantity
    for back in inventory.returns():
        for returned in back.lines[: back.progress]:
            found[returned.sku] -= returned.quantity
    return found


def balanced(inventory: Inventory, *skus: str) -> None:
    """Received = available + reserved + sold, and received is what was moved."""
    taken = held(inventory)
    assert taken.keys() <= set(skus)
    for sku in skus:
        stock = inventory.move_and_stock(sku, "no such key")[1]
        assert stock.received == inventory.moved(sku)
        assert stock.received == stock.available + taken.get(sku, 0)
        assert stock.available >= 0


def turns(inventory: Inventory, sku: str = "LAMP") -> list[Turn]:
    """What was said of the SKU, by turn."""
    said = [fact for fact in inventory.said if isinstance(fact, Turn) and fact.sku == sku]
    return sorted(said, key=lambda fact: fact.turn)


def of_orders(inventory: Inventory) -> list[Fact]:
    return [fact for fact in inventory.said if isinstance(fact, ORDERS)]
