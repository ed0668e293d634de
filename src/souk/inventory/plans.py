"""Plans the steps that reserve, release, expire and book stock. Pure functions: no I/O.

A step is one transaction. A small order takes one step; a large one takes several. Every step
leaves a consistent state, so another process can continue after any of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from souk.inventory.commands import Shortage
from souk.inventory.domain import (
    AlreadyReturned,
    Hold,
    HoldStatus,
    Return,
    Stock,
    StockChange,
    StockMovement,
)
from souk.inventory.events import StockRejected, StockReleased, StockReserved
from souk.kernel.clock import timestamp
from souk.kernel.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

LEASE_DURATION = timedelta(minutes=15)
MAX_ACTIONS_PER_STEP = 97
"""Stock changes and their events in one transaction. DynamoDB allows 100 actions; the hold itself
needs three: its head, its lines and its own event."""

StockBySku = dict[str, Stock]


class HoldStep(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction of a hold: the hold, the stock that changes, the events."""

    before: Hold
    after: Hold
    changes: list[StockChange] = []
    events: list[Event] = []

    @property
    def stock(self) -> StockBySku:
        """The changed stock, after the step."""
        return {change.before.sku: change.after for change in self.changes}


def next_reservation_step(hold: Hold, stock: StockBySku, now: datetime) -> HoldStep | None:
    """The next step towards holding all lines or none; None when no step remains."""
    match hold.status:
        case HoldStatus.EXPIRED | HoldStatus.RESERVING:
            shortages = _shortages(hold, stock)
            if shortages:
                rejected = replace(hold, shortages=shortages)
                return _release_step(hold, rejected, HoldStatus.REJECTED, stock, now)
            return _allocation_step(hold, stock, now)
        case HoldStatus.RELEASING:
            return _continued_release_step(hold, stock, now)
    return None


def next_release_step(hold: Hold, stock: StockBySku, now: datetime) -> HoldStep | None:
    """The next step towards a final release; None when it is released.

    A hold without lines becomes a tombstone, which rejects a later reservation.
    Raises AlreadyReturned: returned items must not be released a second time.
    """
    if hold.status is HoldStatus.RELEASED:
        return None
    if hold.returned:
        raise AlreadyReturned(f"{hold.returned} items of order {hold.order_id} were returned")
    return _release_step(hold, hold, HoldStatus.RELEASED, stock, now)


def next_expiry_step(hold: Hold, stock: StockBySku, now: datetime) -> HoldStep | None:
    """The next step of expiring a hold; None while its lease lasts, and when it has none."""
    if hold.status is HoldStatus.RELEASING:
        return _continued_release_step(hold, stock, now)
    if hold.lease_expires_at is None or hold.lease_expires_at > timestamp(now):
        return None
    return _release_step(hold, hold, HoldStatus.EXPIRED, stock, now)


class BookingStep(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction of booking a return: its progress, the stock that changes, the write-offs."""

    before: Return
    after: Return
    changes: list[StockChange]
    movements: list[StockMovement]

    @property
    def events(self) -> list[Event]:
        return [event for change in self.changes for event in change.events()]

    @property
    def stock(self) -> StockBySku:
        """The changed stock, after the step."""
        return {change.before.sku: change.after for change in self.changes}

    @property
    def quantity(self) -> int:
        """The number of returned items that this step books."""
        booked = self.before.lines[self.before.progress : self.after.progress]
        return sum(line.quantity for line in booked)


def next_booking_step(return_: Return, stock: StockBySku, now: datetime) -> BookingStep | None:
    """The next step of booking a return; None when all lines are booked."""
    changes: list[StockChange] = []
    movements: list[StockMovement] = []
    remaining_actions = MAX_ACTIONS_PER_STEP
    for line in return_.lines[return_.progress :]:
        change = line.change_of(stock[line.sku])
        remaining_actions -= 1 + len(change.events()) + (not line.restock)
        if remaining_actions < 0:
            break
        changes.append(change)
        if not line.restock:
            movements.append(line.write_off(return_.return_id, timestamp(now)))
    if not changes:
        return None
    progress = return_.progress + len(changes)
    after = replace(return_, progress=progress, version=return_.version + 1)
    return BookingStep(before=return_, after=after, changes=changes, movements=movements)


def _shortages(hold: Hold, stock: StockBySku) -> list[Shortage]:
    return [
        Shortage(sku=line.sku, requested=line.quantity, available=stock[line.sku].available)
        for line in hold.lines[hold.progress :]
        if stock[line.sku].available < line.quantity
    ]


def _allocation_step(hold: Hold, stock: StockBySku, now: datetime) -> HoldStep:
    changes = _changes_of_one_step(
        StockChange(before=stock[line.sku], available_delta=-line.quantity)
        for line in hold.lines[hold.progress :]
    )
    progress = hold.progress + len(changes)
    is_complete = progress == len(hold.lines)
    after = _next_version(
        hold,
        status=HoldStatus.RESERVED if is_complete else HoldStatus.RESERVING,
        progress=progress,
        lease_expires_at=timestamp(now + LEASE_DURATION),
    )
    events: list[Event] = [StockReserved(order_id=hold.order_id)] if is_complete else []
    return _hold_step(hold, after, changes, events)


def _continued_release_step(hold: Hold, stock: StockBySku, now: datetime) -> HoldStep:
    final_status = hold.status_after_release or HoldStatus.RELEASED
    return _release_step(hold, hold, final_status, stock, now)


def _release_step(
    before: Hold, hold: Hold, final_status: HoldStatus, stock: StockBySku, now: datetime
) -> HoldStep:
    """Releases lines in reverse order of allocation. The last step sets `final_status`."""
    changes = _changes_of_one_step(
        StockChange(before=stock[line.sku], available_delta=line.quantity)
        for line in reversed(hold.lines[: hold.progress])
    )
    progress = hold.progress - len(changes)
    if progress:
        after = _next_version(
            hold,
            status=HoldStatus.RELEASING,
            progress=progress,
            status_after_release=final_status,
            # If this release is interrupted, the reconciler continues it at the end of the lease.
            lease_expires_at=timestamp(now + LEASE_DURATION),
        )
        return _hold_step(before, after, changes, [])
    after = _next_version(
        hold, status=final_status, progress=0, status_after_release=None, lease_expires_at=None
    )
    return _hold_step(before, after, changes, _final_events(hold, final_status))


def _final_events(hold: Hold, final_status: HoldStatus) -> list[Event]:
    if final_status is HoldStatus.REJECTED:
        skus = [shortage.sku for shortage in hold.shortages]
        return [StockRejected(order_id=hold.order_id, skus=skus)]
    return [StockReleased(order_id=hold.order_id)] if hold.progress else []


def _changes_of_one_step(changes: Iterable[StockChange]) -> list[StockChange]:
    """As many of the changes as fit into one transaction, with their events."""
    chosen: list[StockChange] = []
    remaining_actions = MAX_ACTIONS_PER_STEP
    for change in changes:
        remaining_actions -= 1 + len(change.events())
        if remaining_actions < 0:
            break
        chosen.append(change)
    return chosen


def _hold_step(
    before: Hold, after: Hold, changes: list[StockChange], hold_events: list[Event]
) -> HoldStep:
    stock_events = [event for change in changes for event in change.events()]
    return HoldStep(before=before, after=after, changes=changes, events=hold_events + stock_events)


def _next_version(hold: Hold, **changes: object) -> Hold:
    return replace(hold, version=hold.version + 1, **changes)
