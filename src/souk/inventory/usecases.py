"""What staff do with stock, and what the checkout workflow asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from souk.inventory.commands import Committed, Released, Reserved, WantedLine
from souk.inventory.domain import Change, Hold, Move, Moved, NotSold, OtherLines, Return, Stock
from souk.inventory.plans import (
    Booking,
    Shelf,
    Step,
    towards_booked,
    towards_lapsed,
    towards_released,
    towards_reserved,
)
from souk.kernel.clock import now, stamp
from souk.kernel.errors import Busy
from souk.kernel.facts import Cause, caused_by, current_cause

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    Plan = Callable[[Hold, Shelf, datetime], Step | None]

TRIES = 8  # how often others may come first, one step long, before it is called busy


class Holds(Protocol):
    def look(self, order_id: str, skus: Sequence[str]) -> tuple[Hold | None, Shelf]:
        """The order's hold, if it has one, and the stock of these SKUs."""

    def write(self, step: Step) -> None:
        """Write all of the step, or raise Moved: the hold is not as before, or the stock
        does not allow a change any more."""

    def commit(self, order_id: str) -> None:
        """Make a reserved hold a committed one, or raise Moved."""


class Returns(Protocol):
    def look_at_return(self, back: Return) -> tuple[Hold | None, Return | None, Shelf]:
        """The order's hold, the return if it was begun to be booked, and the stock it is of."""

    def book(self, step: Booking) -> None:
        """Write all of the step, or raise Moved: the return is not as before, its order's goods
        are not sold, or the stock does not allow a change any more."""


class Stocks(Protocol):
    def move_and_stock(self, sku: str, key: str) -> tuple[Move | None, Stock]: ...

    def move(self, move: Move, change: Change) -> None:
        """Write move, change and its facts; raises Moved when the key is used or the stock
        does not allow the change any more."""


class Instruction(NamedTuple):
    """What a member of staff says of a SKU; `key` makes a second click the same move."""

    kind: Literal["receipt", "adjustment"]
    sku: str
    by: int
    note: str | None
    staff: str
    key: str


def move_stock(said: Instruction, *, stocks: Stocks) -> Move:
    """Book a receipt or an adjustment, once for a key.

    Raises NotEnoughFree, KeyReused, or Busy.
    """
    move = Move(
        sku=said.sku,
        key=said.key,
        kind=said.kind,
        by=said.by,
        note=said.note,
        staff=said.staff,
        at=stamp(now()),
    )
    for _ in range(TRIES):
        known, stock = stocks.move_and_stock(move.sku, move.key)
        if known is not None:
            return known.answered(move)
        try:
            stocks.move(move, move.of(stock))
        except Moved:
            continue
        return move
    raise Busy(f"the stock of {said.sku} is being changed by others; nothing was done, try again")


def reserve_stock(order_id: str, lines: Sequence[WantedLine], *, holds: Holds) -> Reserved:
    """Hold all lines or none, under a lease; a repeat goes on where the last one stopped."""
    wanted = sorted(lines, key=lambda line: line.sku)
    return _carried_out(_nothing_held(order_id, wanted), towards_reserved, holds).reserved()


def commit_stock(order_id: str, *, holds: Holds) -> Committed:
    """Let the hold last: one write. Too late, or asked of nothing, nothing is held.

    A hold whose lease ended but was not let go yet still has its goods.
    """
    try:
        holds.commit(order_id)
    except Moved:
        found, _ = holds.look(order_id, [])
        return (found or _nothing_held(order_id)).committed()
    return Committed(status="committed")


def release_stock(order_id: str, *, holds: Holds) -> Released:
    """Give back whatever is held, or was sold, and leave a tombstone: a late ReserveStock
    finds it and holds nothing."""
    _carried_out(_nothing_held(order_id), towards_released, holds)
    return Released()


def book_return(wanted: Return, *, returns: Returns) -> None:
    """Take back what came back, once: it is available again, or written off. A repeat goes on
    where the last one stopped.

    Raises NotSold for what the order was never sold, OtherLines, or Busy.
    """
    tries = TRIES
    back, shelf = _begun(wanted, returns)
    while (step := towards_booked(back, shelf, now())) is not None:
        try:
            returns.book(step)
        except Moved as error:
            tries -= 1
            if not tries:
                raise Busy("others keep changing the same stock; ask again") from error
            back, shelf = _begun(wanted, returns)
        else:
            back, shelf, tries = step.after, shelf | step.shelf, TRIES


def end_lease(order_id: str, *, holds: Holds) -> None:
    """Let go of what is held under a lease that ended, unless the workflow is faster."""
    _carried_out(_nothing_held(order_id), towards_lapsed, holds)


def _nothing_held(order_id: str, lines: Sequence[WantedLine] = ()) -> Hold:
    journey = current_cause().correlation_id
    return Hold(order_id=order_id, lines=list(lines), journey=journey)


def _carried_out(nothing: Hold, plan: Plan, holds: Holds) -> Hold:
    """Take step after step until the plan has no more; when others came first, read again.

    Raises OtherLines, or Busy when others always come first.
    """
    tries = TRIES
    hold, shelf = _seen(nothing, holds)
    while (step := plan(hold, shelf, now())) is not None:
        try:
            with caused_by(Cause(hold.journey)):
                holds.write(step)
        except Moved as error:
            tries -= 1
            if not tries:
                raise Busy("others keep taking the same stock; ask again") from error
            hold, shelf = _seen(nothing, holds)
        else:
            hold, shelf, tries = step.after, shelf | step.shelf, TRIES
    return hold


def _begun(wanted: Return, returns: Returns) -> tuple[Return, Shelf]:
    hold, found, shelf = returns.look_at_return(wanted)
    if hold is None or not wanted.fits(hold):
        raise NotSold(f"return {wanted.return_id} is not of what {wanted.order_id} was sold")
    if found is not None and found.lines != wanted.lines:
        raise OtherLines(f"return {wanted.return_id} was booked with other lines")
    return found or wanted, shelf


def _seen(nothing: Hold, holds: Holds) -> tuple[Hold, Shelf]:
    found, shelf = holds.look(nothing.order_id, nothing.skus)
    if found is None:
        return nothing, shelf
    if found.lines and nothing.lines and found.lines != nothing.lines:
        raise OtherLines(f"order {found.order_id} has a hold of other lines")
    if not shelf.keys() >= set(found.skus):
        again, shelf = holds.look(found.order_id, found.skus)
        return again or found, shelf
    return found, shelf
