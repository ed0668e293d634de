"""What happens to orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from souk.kernel.errors import ChangedMeanwhile, NotFound
from souk.ordering.domain import CHANGES, Status, Unconcluded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from souk.kernel.facts import Fact
    from souk.ordering.domain import Head, Order, Rejection


class Orders(Protocol):
    def get(self, order_id: str) -> Order:
        """Raises NotFound."""

    def head(self, order_id: str) -> Head:
        """Raises NotFound."""

    def add(self, order: Order, fact: Fact) -> None:
        """Store the order and say the fact; an order that is there already stays as it is."""

    def save(self, changed: Head, *facts: Fact) -> None:
        """Store the newest state and say the facts; ChangedMeanwhile if another was faster."""

    def next_run(self, order: Unconcluded) -> Unconcluded | None:
        """Count one more run; None if another did, or the order is concluded."""


class Checkouts(Protocol):
    """The runs of the checkout workflow."""

    def start(self, order: Unconcluded) -> bool:
        """See that the order's run is underway; False if it is over, however it ended."""


def place_order(order: Order, *, orders: Orders, checkouts: Checkouts, journey: str) -> None:
    """Make a checked-out basket an order, and see it through. Heard twice, it is placed once."""
    orders.add(order, order.placed())
    checkouts.start(Unconcluded(order.order_id, 1, journey))


def read_order(order_id: str, *, owner: str, orders: Orders) -> Order:
    """Raises NotFound for a stranger's order too: nobody learns that it exists."""
    order = orders.get(order_id)
    if order.owner != owner:
        raise NotFound(f"there is no order {order_id}")
    return order


def confirm_order(order_id: str, *, at: str, orders: Orders) -> Status:
    """Confirm a placed order; any other stays as it is. Answers how it stands then."""
    order = orders.head(order_id)
    if Status.CONFIRMED not in CHANGES[order.status]:
        return order.status
    return _saved(*order.confirm(at), orders=orders)


def refuse_order(order_id: str, why: Rejection, *, at: str, orders: Orders) -> Status:
    """Decide that a placed order is not to be; any other stays. Answers how it stands then."""
    order = orders.head(order_id)
    if Status.REJECTING not in CHANGES[order.status]:
        return order.status
    return _saved(order.refuse(why, at), orders=orders)


def reject_order(order_id: str, *, at: str, orders: Orders) -> Status:
    """Close an order of which all is undone; done twice, it is said once.

    Raises WrongState for one that was never refused.
    """
    order = orders.head(order_id)
    if order.status is Status.REJECTED:
        return order.status
    return _saved(*order.reject(at), orders=orders)


def _saved(changed: Head, *facts: Fact, orders: Orders) -> Status:
    """The new state, or the one another run of the same order's workflow was faster to write."""
    try:
        orders.save(changed, *facts)
    except ChangedMeanwhile:
        return orders.head(changed.order_id).status
    return changed.status


def see_through(unconcluded: Iterable[Unconcluded], *, orders: Orders, checkouts: Checkouts) -> int:
    """Begin what was never begun, and begin anew what has ended without an end for the order.

    What is underway is left alone: it ends, or times out, by itself. Answers how many were begun
    anew; two who look at once begin each order once.
    """
    return sum(_see_through(order, orders, checkouts) for order in unconcluded)


def _see_through(order: Unconcluded, orders: Orders, checkouts: Checkouts) -> bool:
    if checkouts.start(order):
        return False
    following = orders.next_run(order)
    return following is not None and checkouts.start(following)
