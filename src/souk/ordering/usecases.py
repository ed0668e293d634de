"""What happens to orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from souk.kernel.clock import now, stamp
from souk.kernel.errors import NotFound
from souk.kernel.facts import Cause, caused_by
from souk.kernel.patience import tries
from souk.ordering.domain import (
    OrderDecided,
    OrderMoved,
    OrderRefused,
    Parcel,
    Rejection,
    Standing,
    Status,
    StockLapsed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from souk.kernel.facts import Fact
    from souk.ordering.domain import Entered, Order

Change = tuple[Standing, "Fact | None"]


class Orders(Protocol):
    def get(self, order_id: str) -> Order:
        """Raises NotFound."""

    def standing(self, order_id: str) -> Standing:
        """The order without its lines. Raises NotFound."""

    def add(self, order: Order, fact: Fact) -> None:
        """Store the order and say the fact; an order that is there already stays as it is."""

    def save(self, after: Standing, fact: Fact | None) -> None:
        """Write the change and say the fact, or neither.

        Raises OrderMoved unless `after` follows upon what is stored.
        """

    def left_open(self, before: str) -> Iterator[str]:
        """Undecided orders whose ids come before this one: ids sort by time."""


class Runs(Protocol):
    """The executions of the checkout workflow; an order's are numbered from 0."""

    def start(self, order_id: str, run: int, journey: str) -> None:
        """Begin a run; one that was begun before goes on, or stays ended, as it is."""

    def is_over(self, order_id: str, run: int) -> bool | None:
        """Whether a run has ended, however; None for one that never began."""

    def entered(self, order_id: str, run: int) -> list[Entered]:
        """The states a run came to, in order; none of one that never began or was forgotten."""


def place_order(order: Order, *, orders: Orders, runs: Runs) -> None:
    """Make a checked-out basket an order, and set its workflow going. Heard twice, it is one."""
    orders.add(order, order.placed())
    runs.start(order.order_id, 0, order.journey)


def read_order(order_id: str, *, owner: str, orders: Orders) -> Order:
    """Raises NotFound for a stranger's order too: nobody learns that it exists."""
    order = orders.get(order_id)
    if order.owner != owner:
        raise NotFound(f"there is no order {order_id}")
    return order


def read_workflow(order_id: str, *, orders: Orders, runs: Runs) -> list[Entered]:
    """How far the order's workflow got in its last run. Raises NotFound."""
    return runs.entered(order_id, orders.standing(order_id).run)


def ask_to_cancel(order_id: str, *, owner: str, orders: Orders) -> Order:
    """Keep the wish, once, and let delivery decide; the order tells what became of it.

    Raises NothingToCancel for an order that was rejected, NotFound for a stranger's.
    """
    order = read_order(order_id, owner=owner, orders=orders)
    return _keep_wish(order, None, orders)


def cancel_for_shop(order_id: str, reason: str, *, orders: Orders) -> Order:
    """Staff's wish goes the same way; its customer reads the reason. The first wish stays.

    Raises NothingToCancel, NotFound.
    """
    return _keep_wish(orders.get(order_id), reason, orders)


def hear_shipment_cancelled(order_id: str, *, orders: Orders) -> Standing:
    """The wish to cancel came first. Heard twice, it is cancelled once."""

    def change(standing: Standing) -> Change | None:
        return None if standing.status is Status.CANCELLED else standing.cancel(stamp(now()))

    return _changed(order_id, change, orders)


def hear_dispatched(order_id: str, parcel: Parcel, *, orders: Orders) -> Standing:
    """The parcel left. Heard twice, or after its delivery, it left once."""

    def change(standing: Standing) -> Change | None:
        return None if standing.parcel is not None else standing.dispatch(parcel)

    return _changed(order_id, change, orders)


def hear_delivered(order_id: str, delivered_at: str, *, orders: Orders) -> Standing:
    """The parcel arrived. Heard twice, or before its dispatch, it is delivered once."""

    def change(standing: Standing) -> Change | None:
        if standing.status is Status.DELIVERED or standing.delivered_at is not None:
            return None
        return standing.deliver(delivered_at)

    return _changed(order_id, change, orders)


def begin_checkout(order_id: str, *, orders: Orders) -> Order:
    """The order, if it is still to be decided. Raises OrderRefused or OrderDecided."""
    order = orders.get(order_id)
    _still_placed(order_id, order.status)
    return order


def confirm_order(order_id: str, *, stock_is_committed: bool, orders: Orders) -> Standing:
    """Confirm a placed order; one that was stays as it is. Raises OrderRefused, StockLapsed."""

    def change(standing: Standing) -> Change | None:
        if standing.status.was_confirmed:
            return None
        if standing.status is not Status.PLACED:
            raise OrderRefused(f"{order_id} is {standing.status.value}")
        if not stock_is_committed:
            raise StockLapsed(f"the reservation of {order_id} has lapsed")
        return standing.confirm(stamp(now()))

    return _changed(order_id, change, orders)


def refuse_order(order_id: str, rejection: Rejection, *, orders: Orders) -> Standing:
    """Decide that a placed order will not be. The first reason stays; what is decided stays."""

    def change(standing: Standing) -> Change | None:
        if standing.status is not Status.PLACED:
            return None
        return standing.refuse(rejection, stamp(now())), None

    return _changed(order_id, change, orders)


def reject_order(order_id: str, *, orders: Orders) -> Standing:
    """End an order that is undone; one that is rejected stays so."""

    def change(standing: Standing) -> Change | None:
        if standing.status is Status.REJECTED:
            return None
        return standing.reject(stamp(now()))

    return _changed(order_id, change, orders)


def revive(order_id: str, *, orders: Orders, runs: Runs) -> str:
    """See that an undecided order has a workflow at work; says what was done.

    A closed execution's name stays taken, so the next has the next number. Two at work on one
    order do no harm: each step is done once, and the order's row decides.
    """
    standing = orders.standing(order_id)
    if not standing.status.is_open:
        return "decided"
    match runs.is_over(order_id, standing.run):
        case False:
            return "at work"
        case None:
            runs.start(order_id, standing.run, standing.journey)
            return "started"
    again = standing.run_again()
    try:
        orders.save(again, None)
    except OrderMoved:
        return "changed meanwhile"
    runs.start(order_id, again.run, again.journey)
    return "started again"


def _keep_wish(order: Order, reason: str | None, orders: Orders) -> Order:
    def change(standing: Standing) -> Change | None:
        if standing.cancel_asked_at is not None:
            return None
        return standing.ask_to_cancel(stamp(now()), reason)

    with caused_by(Cause(order.journey)):
        _changed(order.order_id, change, orders)
    return orders.get(order.order_id)


def _still_placed(order_id: str, status: Status) -> None:
    if status is Status.REJECTING:
        raise OrderRefused(f"{order_id} is being undone")
    if status is not Status.PLACED:
        raise OrderDecided(f"{order_id} is {status.value}")


def _changed(
    order_id: str, change: Callable[[Standing], Change | None], orders: Orders
) -> Standing:
    for _ in tries():
        standing = orders.standing(order_id)
        wanted = change(standing)
        if wanted is None:
            return standing
        after, fact = wanted
        try:
            orders.save(after, fact)
        except OrderMoved:
            continue
        return after
    raise AssertionError("tries() ends in Busy")
