"""An in-memory inventory, and the real store with readable events. Both can simulate faults."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from souk.inventory.domain import Hold, HoldStatus, Return, Stock, StockChange, StockMovement
from souk.inventory.events import (
    StockDepleted,
    StockRejected,
    StockReleased,
    StockReplenished,
    StockReserved,
)
from souk.inventory.plans import BookingStep, HoldStep, StockBySku
from souk.inventory.store import InventoryStore
from souk.kernel import aws, dynamo
from souk.kernel.clock import timestamp
from souk.kernel.errors import ConcurrentUpdate
from souk.kernel.events import Event, current_cause
from souk.kernel.items import from_item
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

ORDER_EVENTS: tuple[type[Event], ...] = (StockReserved, StockRejected, StockReleased)
AvailabilityEvent = StockDepleted | StockReplenished


class Killed(BaseException):
    """The process ends here, as at a timeout. `except Exception` does not catch it."""


class Faults:
    """Faults to simulate at writes.

    `concurrent_actions` run one by one, each before a write; their own writes are not counted and
    have no faults. The process is killed before the write number `killed_before`, or after the
    write number `killed_after`, even if that write failed.
    """

    def __init__(self) -> None:
        self.concurrent_actions: list[Callable[[], object]] = []
        self.killed_before: int | None = None
        self.killed_after: int | None = None
        self.writes = 0
        self._in_concurrent_action = False

    @contextmanager
    def around_write(self) -> Iterator[None]:
        if self._in_concurrent_action:
            yield
            return
        self.writes += 1
        if self.concurrent_actions:
            self._in_concurrent_action = True
            self.concurrent_actions.pop(0)()
            self._in_concurrent_action = False
        if self.writes == self.killed_before:
            raise Killed
        try:
            yield
        finally:
            if self.writes == self.killed_after:
                raise Killed

    def reset(self) -> None:
        self.__init__()  # type: ignore[misc]  # restores the defaults


def assert_fits_in_transaction(step: HoldStep) -> None:
    """The hold's head, its lines with the first step, the changed stock and the events."""
    hold_rows = 1 if step.before.version else 2
    assert hold_rows + len(step.changes) + len(step.events) <= 100


class FakeInventory:
    """Stock, movements, holds and returns in memory.

    `published` are the events written; `correlation_ids` those in effect at each step of a hold.
    """

    def __init__(self) -> None:
        self._stock: dict[str, Stock] = {}
        self._movements: dict[tuple[str, str], StockMovement] = {}
        self._holds: dict[str, Hold] = {}
        self._returns: dict[tuple[str, str], Return] = {}
        self.published: list[Event] = []
        self.correlation_ids: list[str] = []
        self.faults = Faults()

    # --- ports of the use cases

    def load_movement(self, sku: str, key: str) -> tuple[StockMovement | None, Stock]:
        return self._movements.get((sku, key)), self._stock_of(sku)

    def save_movement(self, movement: StockMovement, change: StockChange) -> None:
        with self.faults.around_write():
            if (movement.sku, movement.key) in self._movements:
                raise ConcurrentUpdate
            self._apply([change])
            self._movements[movement.sku, movement.key] = movement
            self.published += change.events()

    def load_hold(self, order_id: str, skus: Sequence[str]) -> tuple[Hold | None, StockBySku]:
        return self._holds.get(order_id), {sku: self._stock_of(sku) for sku in skus}

    def save_hold_step(self, step: HoldStep) -> None:
        with self.faults.around_write():
            order_id = step.after.order_id
            stored = self._holds.get(order_id)
            if (stored.version if stored else 0) != step.before.version:
                raise ConcurrentUpdate
            assert_fits_in_transaction(step)
            self._apply(step.changes)
            self._holds[order_id] = step.after
            self.published += step.events
            self.correlation_ids.append(current_cause().correlation_id)

    def commit(self, order_id: str) -> None:
        with self.faults.around_write():
            stored = self._holds.get(order_id)
            if stored is None or stored.status is not HoldStatus.RESERVED:
                raise ConcurrentUpdate
            self._holds[order_id] = replace(
                stored,
                status=HoldStatus.COMMITTED,
                version=stored.version + 1,
                lease_expires_at=None,
            )

    def load_return(self, return_: Return) -> tuple[Hold | None, Return | None, StockBySku]:
        hold, stock = self.load_hold(return_.order_id, return_.skus)
        return hold, self._returns.get((return_.order_id, return_.return_id)), stock

    def save_booking_step(self, step: BookingStep) -> None:
        with self.faults.around_write():
            key = step.after.order_id, step.after.return_id
            stored, hold = self._returns.get(key), self._holds.get(step.after.order_id)
            if (stored.version if stored else 0) != step.before.version:
                raise ConcurrentUpdate
            if hold is None or hold.status is not HoldStatus.COMMITTED:
                raise ConcurrentUpdate
            assert 2 + len(step.changes) + len(step.movements) + len(step.events) <= 100
            self._apply(step.changes)
            for movement in step.movements:
                assert (movement.sku, movement.key) not in self._movements
                self._movements[movement.sku, movement.key] = movement
            self._returns[key] = step.after
            self._holds[hold.order_id] = replace(
                hold, version=hold.version + 1, returned=hold.returned + step.quantity
            )
            self.published += step.events

    def expired_holds(self, before: datetime, limit: int) -> list[str]:
        return [
            hold.order_id
            for hold in self._holds.values()
            if hold.lease_expires_at is not None and hold.lease_expires_at <= timestamp(before)
        ][:limit]

    # --- what tests inspect

    def holds(self) -> list[Hold]:
        return list(self._holds.values())

    def returns(self) -> list[Return]:
        return list(self._returns.values())

    def moved_quantity(self, sku: str) -> int:
        return sum(each.quantity for each in self._movements.values() if each.sku == sku)

    def _stock_of(self, sku: str) -> Stock:
        return self._stock.get(sku, Stock(sku=sku))

    def _apply(self, changes: list[StockChange]) -> None:
        """Applies all changes or none, under the conditions of the real table."""
        for change in changes:
            stored, before = self._stock_of(change.before.sku), change.before
            if not change.available_delta:
                is_met = change.before.sku in self._stock
            elif change.changes_availability:
                is_met = (stored.available, stored.availability_version) == (
                    before.available,
                    before.availability_version,
                )
            else:
                is_met = stored.available > max(0, -change.available_delta)
            if not is_met:
                raise ConcurrentUpdate
        for change in changes:
            stored = self._stock_of(change.before.sku)
            self._stock[stored.sku] = Stock(
                sku=stored.sku,
                received=stored.received + change.received_delta,
                available=stored.available + change.available_delta,
                availability_version=stored.availability_version + change.changes_availability,
            )


class StoredInventory(InventoryStore):
    """The real store on a table without an outbox relay."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.faults = Faults()

    def _write(self, *actions: dict[str, Any]) -> None:
        assert len(actions) <= 100
        with self.faults.around_write():
            super()._write(*actions)

    @property
    def published(self) -> list[Event]:
        return tables.outbox_events(self._table, *ORDER_EVENTS, StockDepleted, StockReplenished)

    def holds(self) -> list[Hold]:
        holds = []
        for row in self._rows():
            if row["sk"] == "HEAD":
                hold, _ = self.load_hold(row["order_id"], [])
                assert hold is not None
                holds.append(hold)
        return holds

    def returns(self) -> list[Return]:
        rows = [row for row in self._rows() if row["sk"].startswith("RETURN#")]
        return [msgspec.convert(row, Return) for row in rows]

    def moved_quantity(self, sku: str) -> int:
        rows = dynamo.query(self._table, f"STOCK#{sku}")
        return sum(row["quantity"] for row in rows if row["sk"].startswith("MOVEMENT#"))

    def _rows(self) -> Iterator[dict[str, Any]]:
        for page in aws.dynamodb().get_paginator("scan").paginate(TableName=self._table):
            yield from map(from_item, page["Items"])


Inventory = FakeInventory | StoredInventory


def available(inventory: Inventory, sku: str = "LAMP") -> int:
    return inventory.load_movement(sku, "no such key")[1].available


def allocated(inventory: Inventory) -> dict[str, int]:
    """The quantities reserved or sold and not returned, by SKU."""
    quantities: dict[str, int] = {}
    for hold in inventory.holds():
        for line in hold.lines[: hold.progress]:
            quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
    for return_ in inventory.returns():
        for returned in return_.lines[: return_.progress]:
            quantities[returned.sku] -= returned.quantity
    return quantities


def assert_balanced(inventory: Inventory, *skus: str) -> None:
    """Received = available + reserved + sold, and received is the sum of the movements."""
    quantities = allocated(inventory)
    assert quantities.keys() <= set(skus)
    for sku in skus:
        stock = inventory.load_movement(sku, "no such key")[1]
        assert stock.received == inventory.moved_quantity(sku)
        assert stock.received == stock.available + quantities.get(sku, 0)
        assert stock.available >= 0


def availability_events(inventory: Inventory, sku: str = "LAMP") -> list[AvailabilityEvent]:
    """The published availability events of the SKU, by version."""
    events = [
        event
        for event in inventory.published
        if isinstance(event, AvailabilityEvent) and event.sku == sku
    ]
    return sorted(events, key=lambda event: event.availability_version)


def order_events(inventory: Inventory) -> list[Event]:
    return [event for event in inventory.published if isinstance(event, ORDER_EVENTS)]
