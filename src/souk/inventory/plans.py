"""How a hold gets where it shall be, step by step: all lines held, or none.

A step is one write. A small order takes one; a large one is taken, or given back, portion by
portion, and whoever comes after a step can take the next. Nothing here reads or writes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from souk.inventory.commands import Shortage
from souk.inventory.domain import CameBack, Change, Hold, Move, Return, Status, Stock
from souk.inventory.events import StockRejected, StockReleased, StockReserved
from souk.kernel.clock import stamp
from souk.kernel.facts import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable

LEASE = timedelta(minutes=15)
AT_ONCE = 97
"""Changed stock and its facts in one write: of 100 rows, three are the hold's own."""

Shelf = dict[str, Stock]
"""Stock by SKU."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is written together: the hold as it becomes, the stock that changes, the facts."""

    before: Hold
    after: Hold
    changes: list[Change] = []
    facts: list[Fact] = []

    @property
    def shelf(self) -> Shelf:
        """The stock as it is afterwards."""
        return {change.seen.sku: change.after for change in self.changes}


def towards_reserved(hold: Hold, shelf: Shelf, now: datetime) -> Step | None:
    """The next step of holding all lines or none; None when there is no more to do."""
    match hold.status:
        case Status.LAPSED | Status.RESERVING:
            short = _shortages(hold, shelf)
            if short:
                refused = replace(hold, shortages=short)
                return _give_back(hold, refused, Status.REJECTED, shelf, now)
            return _take(hold, shelf, now)
        case Status.RELEASING:
            return _go_on_giving_back(hold, shelf, now)
    return None


def towards_released(hold: Hold, shelf: Shelf, now: datetime) -> Step | None:
    """The next step of giving everything back for good; of nothing, a tombstone remains.

    Raises CameBack: what customers sent back is not given back a second time.
    """
    if hold.status is Status.RELEASED:
        return None
    if hold.returned:
        raise CameBack(f"of {hold.order_id} {hold.returned} pieces came back already")
    return _give_back(hold, hold, Status.RELEASED, shelf, now)


def towards_lapsed(hold: Hold, shelf: Shelf, now: datetime) -> Step | None:
    """The next step of ending a lease, if it has ended."""
    if hold.status is Status.RELEASING:
        return _go_on_giving_back(hold, shelf, now)
    if hold.lease_ends is None or hold.lease_ends > stamp(now):
        return None
    return _give_back(hold, hold, Status.LAPSED, shelf, now)


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """What is written together of a return: how far it is, what changes, what is written off."""

    before: Return
    after: Return
    changes: list[Change]
    moves: list[Move]

    @property
    def facts(self) -> list[Fact]:
        return [fact for change in self.changes for fact in change.facts()]

    @property
    def shelf(self) -> Shelf:
        """The stock as it is afterwards."""
        return {change.seen.sku: change.after for change in self.changes}

    @property
    def pieces(self) -> int:
        left = self.before.lines[self.before.progress : self.after.progress]
        return sum(line.quantity for line in left)


def towards_booked(back: Return, shelf: Shelf, now: datetime) -> Booking | None:
    """The next step of booking what came back; None when all of it is booked."""
    changes: list[Change] = []
    moves: list[Move] = []
    room = AT_ONCE
    for line in back.lines[back.progress :]:
        change = line.booked(shelf[line.sku])
        room -= 1 + len(change.facts()) + (not line.restock)
        if room < 0:
            break
        changes.append(change)
        if not line.restock:
            moves.append(line.written_off(back.return_id, stamp(now)))
    if not changes:
        return None
    progress = back.progress + len(changes)
    after = replace(back, progress=progress, version=back.version + 1)
    return Booking(before=back, after=after, changes=changes, moves=moves)


def _shortages(hold: Hold, shelf: Shelf) -> list[Shortage]:
    return [
        Shortage(sku=line.sku, wanted=line.quantity, available=shelf[line.sku].available)
        for line in hold.lines[hold.progress :]
        if shelf[line.sku].available < line.quantity
    ]


def _take(hold: Hold, shelf: Shelf, now: datetime) -> Step:
    changes = _portion(
        Change(seen=shelf[line.sku], by=-line.quantity) for line in hold.lines[hold.progress :]
    )
    progress = hold.progress + len(changes)
    done = progress == len(hold.lines)
    after = _become(
        hold,
        status=Status.RESERVED if done else Status.RESERVING,
        progress=progress,
        lease_ends=stamp(now + LEASE),
    )
    own: list[Fact] = [StockReserved(order_id=hold.order_id)] if done else []
    return _step(hold, after, changes, own)


def _go_on_giving_back(hold: Hold, shelf: Shelf, now: datetime) -> Step:
    return _give_back(hold, hold, hold.ends_as or Status.RELEASED, shelf, now)


def _give_back(before: Hold, hold: Hold, ends_as: Status, shelf: Shelf, now: datetime) -> Step:
    """From the last line held to the first; the last portion ends it."""
    changes = _portion(
        Change(seen=shelf[line.sku], by=line.quantity)
        for line in reversed(hold.lines[: hold.progress])
    )
    progress = hold.progress - len(changes)
    if progress:
        after = _become(
            hold,
            status=Status.RELEASING,
            progress=progress,
            ends_as=ends_as,
            lease_ends=stamp(now + LEASE),  # who comes after us, if we die here
        )
        return _step(before, after, changes, [])
    after = _become(hold, status=ends_as, progress=0, ends_as=None, lease_ends=None)
    return _step(before, after, changes, _said_of_the_end(hold, ends_as))


def _said_of_the_end(hold: Hold, ends_as: Status) -> list[Fact]:
    if ends_as is Status.REJECTED:
        skus = [short.sku for short in hold.shortages]
        return [StockRejected(order_id=hold.order_id, skus=skus)]
    return [StockReleased(order_id=hold.order_id)] if hold.progress else []


def _portion(changes: Iterable[Change]) -> list[Change]:
    """As many as one write takes."""
    portion: list[Change] = []
    room = AT_ONCE
    for change in changes:
        room -= 1 + len(change.facts())
        if room < 0:
            break
        portion.append(change)
    return portion


def _step(before: Hold, after: Hold, changes: list[Change], own: list[Fact]) -> Step:
    turned = [fact for change in changes for fact in change.facts()]
    return Step(before=before, after=after, changes=changes, facts=own + turned)


def _become(hold: Hold, **changed: object) -> Hold:
    return replace(hold, version=hold.version + 1, **changed)
