"""Inventory's use cases: stock movements by staff, holds of orders, booking of returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from souk.inventory.commands import Committed, Released, Reserved, StockLine
from souk.inventory.domain import (
    Hold,
    LinesMismatch,
    NotSold,
    Return,
    Stock,
    StockChange,
    StockMovement,
)
from souk.inventory.plans import (
    BookingStep,
    HoldStep,
    StockBySku,
    next_booking_step,
    next_expiry_step,
    next_release_step,
    next_reservation_step,
)
from souk.kernel.clock import now, timestamp
from souk.kernel.errors import Busy, ConcurrentUpdate
from souk.kernel.events import Cause, caused_by, current_cause

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    NextStep = Callable[[Hold, StockBySku, datetime], HoldStep | None]

MAX_ATTEMPTS = 8
"""Attempts to write one step or movement while concurrent updates of the same stock succeed."""


class Holds(Protocol):
    """The repository of holds. Every method may raise Busy."""

    def load_hold(self, order_id: str, skus: Sequence[str]) -> tuple[Hold | None, StockBySku]:
        """The order's hold, None if it has none, and the stock of these SKUs."""

    def save_hold_step(self, step: HoldStep) -> None:
        """Write the whole step. Raises ConcurrentUpdate when the hold is no longer `step.before`,
        or the stock no longer allows a change."""

    def commit(self, order_id: str) -> None:
        """Set a reserved hold to committed. Raises ConcurrentUpdate when it is not reserved."""


class Returns(Protocol):
    """The repository of returns. Every method may raise Busy."""

    def load_return(self, return_: Return) -> tuple[Hold | None, Return | None, StockBySku]:
        """The order's hold, the return if its booking was started, the stock of its SKUs."""

    def save_booking_step(self, step: BookingStep) -> None:
        """Write the whole step. Raises ConcurrentUpdate when the return is no longer
        `step.before`, the hold is not committed, or the stock no longer allows a change."""


class Stocks(Protocol):
    """The repository of stock movements. Every method may raise Busy."""

    def load_movement(self, sku: str, key: str) -> tuple[StockMovement | None, Stock]:
        """The movement recorded under this key, None if there is none, and the SKU's stock."""

    def save_movement(self, movement: StockMovement, change: StockChange) -> None:
        """Write the movement, the change and its events. Raises ConcurrentUpdate when the key
        is used, or the stock no longer allows the change."""


class MovementRequest(NamedTuple):
    """A receipt or adjustment by a member of staff. `quantity` is signed.

    Requests with the same SKU and `key` are recorded once.
    """

    type: Literal["receipt", "adjustment"]
    sku: str
    quantity: int
    note: str | None
    staff: str
    key: str


def record_movement(request: MovementRequest, *, stocks: Stocks) -> StockMovement:
    """Record a receipt or an adjustment, once per SKU and key.

    Raises InsufficientStock, IdempotencyKeyReused, Busy.
    """
    movement = StockMovement(
        sku=request.sku,
        key=request.key,
        type=request.type,
        quantity=request.quantity,
        note=request.note,
        staff=request.staff,
        at=timestamp(now()),
    )
    for _ in range(MAX_ATTEMPTS):
        recorded, stock = stocks.load_movement(movement.sku, movement.key)
        if recorded is not None:
            return recorded.confirm_repeat(movement)
        try:
            stocks.save_movement(movement, movement.change_of(stock))
        except ConcurrentUpdate:
            continue
        return movement
    raise Busy(
        f"Too many concurrent updates of the stock of {request.sku}. "
        "Nothing was changed; try again."
    )


def reserve_stock(order_id: str, lines: Sequence[StockLine], *, holds: Holds) -> Reserved:
    """Hold all lines or none, under a lease.

    A repeated call continues an interrupted one, and reserves again after an expiry.
    Raises LinesMismatch, Busy, or ValueError for a repeated SKU or a quantity below 1.
    """
    # Sorted so that the same lines in another order are equal to those of the stored hold.
    hold = _new_hold(order_id, sorted(lines, key=lambda line: line.sku))
    return _run_steps(hold, next_reservation_step, holds).reserve_result()


def commit_stock(order_id: str, *, holds: Holds) -> Committed:
    """Mark the order's reserved stock as sold, in one write.

    The result is `expired` if nothing is reserved. After the end of its lease, a hold can be
    committed as long as the reconciler has not expired it.
    Raises Busy.
    """
    try:
        holds.commit(order_id)
    except ConcurrentUpdate:
        hold, _ = holds.load_hold(order_id, [])
        return (hold or _new_hold(order_id)).commit_result()
    return Committed(status="committed")


def release_stock(order_id: str, *, holds: Holds) -> Released:
    """Release everything held for the order or sold to it, for good.

    An order without a hold gets a tombstone, so a late ReserveStock holds nothing.
    Raises AlreadyReturned, Busy.
    """
    _run_steps(_new_hold(order_id), next_release_step, holds)
    return Released()


def expire_hold(order_id: str, *, holds: Holds) -> None:
    """Release the order's stock if its lease has ended and the hold is not committed.

    Also continues an interrupted release. Raises Busy.
    """
    _run_steps(_new_hold(order_id), next_expiry_step, holds)


def book_return(return_: Return, *, returns: Returns) -> None:
    """Make returned items available again or write them off, once per return.

    A repeated call continues an interrupted one.
    Raises NotSold, LinesMismatch, Busy.
    """
    attempts = MAX_ATTEMPTS
    current, stock = _load_return(return_, returns)
    while (step := next_booking_step(current, stock, now())) is not None:
        try:
            returns.save_booking_step(step)
        except ConcurrentUpdate as error:
            attempts -= 1
            if not attempts:
                raise Busy("Too many concurrent updates of the same stock. Try again.") from error
            current, stock = _load_return(return_, returns)
        else:
            current, stock, attempts = step.after, stock | step.stock, MAX_ATTEMPTS


def _run_steps(new_hold: Hold, next_step: NextStep, holds: Holds) -> Hold:
    """Plan and write steps until none remains; returns the final hold.

    `new_hold` is used when the order has no hold yet. After a concurrent update, reads again and
    plans anew. Raises LinesMismatch, Busy after MAX_ATTEMPTS at one step, and whatever `next_step`
    raises. Steps written before stay; a later call continues.
    """
    attempts = MAX_ATTEMPTS
    hold, stock = _load_hold(new_hold, holds)
    while (step := next_step(hold, stock, now())) is not None:
        try:
            with caused_by(Cause(hold.correlation_id)):
                holds.save_hold_step(step)
        except ConcurrentUpdate as error:
            attempts -= 1
            if not attempts:
                raise Busy("Too many concurrent updates of the same stock. Try again.") from error
            hold, stock = _load_hold(new_hold, holds)
        else:
            hold, stock, attempts = step.after, stock | step.stock, MAX_ATTEMPTS
    return hold


def _new_hold(order_id: str, lines: Sequence[StockLine] = ()) -> Hold:
    correlation_id = current_cause().correlation_id
    return Hold(order_id=order_id, lines=list(lines), correlation_id=correlation_id)


def _load_hold(new_hold: Hold, holds: Holds) -> tuple[Hold, StockBySku]:
    """The stored hold, otherwise `new_hold`, with the stock of all its lines."""
    hold, stock = holds.load_hold(new_hold.order_id, new_hold.skus)
    if hold is None:
        return new_hold, stock
    if hold.lines and new_hold.lines and hold.lines != new_hold.lines:
        raise LinesMismatch(f"order {hold.order_id} already has a hold with other lines")
    if not stock.keys() >= set(hold.skus):
        reloaded, stock = holds.load_hold(hold.order_id, hold.skus)
        return reloaded or hold, stock
    return hold, stock


def _load_return(return_: Return, returns: Returns) -> tuple[Return, StockBySku]:
    """The stored return, otherwise `return_`, with the stock of its lines."""
    hold, stored, stock = returns.load_return(return_)
    if hold is None or not return_.is_covered_by(hold):
        raise NotSold(
            f"the items of return {return_.return_id} were not sold to order {return_.order_id}"
        )
    if stored is not None and stored.lines != return_.lines:
        raise LinesMismatch(f"return {return_.return_id} is already booked with other lines")
    return stored or return_, stock
