"""Use cases of returns: customers request, staff accept or reject, payment refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from souk.kernel.clock import now, timestamp
from souk.kernel.errors import ConcurrentUpdate, NotFound
from souk.kernel.events import Cause, caused_by, current_cause
from souk.kernel.ids import new_id
from souk.kernel.retry import attempts
from souk.ordering import usecases
from souk.ordering.returns import (
    OrderReturns,
    RequestedReturn,
    Return,
    accepted_event,
    collect_restock_decisions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from souk.kernel.events import Event
    from souk.ordering.usecases import Orders

ResultT = TypeVar("ResultT")


class Returns(Protocol):
    """The repository of returns. `list_for_order` and `save` may raise Busy."""

    def get_order_returns(self, order_id: str) -> OrderReturns:
        """Empty, with version 0, when nothing of the order was returned."""

    def find(self, return_id: str) -> Return | None: ...

    def list_for_order(self, order_returns: OrderReturns) -> list[Return]:
        """The returns of the order, oldest first."""

    def save(
        self,
        return_: Return,
        order_returns: OrderReturns | None = None,
        event: Event | None = None,
    ) -> None:
        """Store them in one transaction.

        Raises ConcurrentUpdate unless each stored version is the one before.
        """


class ReturnDecision(NamedTuple):
    """A staff decision: `lines` (SKU and whether to restock) or a `rejection_reason`."""

    decided_by: str
    lines: Sequence[tuple[str, bool]] = ()
    rejection_reason: str = ""


def request_return(
    order_id: str, request: RequestedReturn, *, owner: str, orders: Orders, returns: Returns
) -> Return:
    """Request a return. Repeated with the same key, it returns the first return.

    Raises NotFound (also for another owner's order), IdempotencyKeyReused, OrderNotDelivered,
    ReturnWindowClosed, TooManyReturns, ItemsNotReturnable, Busy.
    """
    order = usecases.get_order(order_id, owner=owner, orders=orders)

    def attempt() -> Return:
        order_returns = returns.get_order_returns(order_id)
        if repeated_id := order_returns.find_repeated(request):
            return get_return(repeated_id, returns=returns)
        updated, requested = order_returns.request_return(order, request, new_id(), now())
        returns.save(requested, updated)
        return requested

    return _retry_on_conflict(attempt)


def list_returns(order_id: str, *, owner: str, orders: Orders, returns: Returns) -> list[Return]:
    """All returns of an order, oldest first.

    Raises NotFound (also for another owner's order), Busy.
    """
    usecases.get_order(order_id, owner=owner, orders=orders)
    return returns.list_for_order(returns.get_order_returns(order_id))


def get_return(return_id: str, *, returns: Returns) -> Return:
    """Raises NotFound."""
    found = returns.find(return_id)
    if found is None:
        raise NotFound(f"There is no return {return_id}.")
    return found


def accept_return(
    return_id: str, decision: ReturnDecision, *, orders: Orders, returns: Returns
) -> Return:
    """Accept the items and store the event with their refund. Repeated, it takes effect once.

    Raises NotFound, ReturnAlreadyDecided, Busy, or InvalidRequest unless each line is decided.
    """

    def attempt() -> Return:
        return_ = get_return(return_id, returns=returns)
        restock_by_sku = collect_restock_decisions(return_, decision.lines)
        if return_.is_accepted_with(restock_by_sku):
            return return_
        order = orders.get(return_.order_id)
        order_returns = returns.get_order_returns(return_.order_id)
        refund = order_returns.compute_refund(order, return_)
        accepted = return_.accept(restock_by_sku, refund, decision.decided_by, timestamp(now()))
        with caused_by(Cause(order.correlation_id, current_cause().causation_id)):
            returns.save(accepted, order_returns.accept(return_), accepted_event(order, accepted))
        return accepted

    return _retry_on_conflict(attempt)


def reject_return(return_id: str, decision: ReturnDecision, *, returns: Returns) -> Return:
    """Reject a return; the items go back to the customer. Repeated, it takes effect once.

    Raises NotFound, ReturnAlreadyDecided, Busy.
    """

    def attempt() -> Return:
        return_ = get_return(return_id, returns=returns)
        rejected = return_.reject(decision.rejection_reason, decision.decided_by, timestamp(now()))
        if rejected != return_:
            order_returns = returns.get_order_returns(return_.order_id)
            returns.save(rejected, order_returns.reject(return_))
        return rejected

    return _retry_on_conflict(attempt)


def record_refund(order_id: str, refund_id: str, *, returns: Returns) -> None:
    """Mark a return as refunded. Payment refunds returns under their `return_id`.

    Ignores refunds of cancellations, which belong to no return. Raises Busy.
    """

    def attempt() -> None:
        return_ = returns.find(refund_id)
        if return_ is None or return_.order_id != order_id:
            return
        refunded = return_.mark_refunded(timestamp(now()))
        if refunded != return_:
            returns.save(refunded)

    _retry_on_conflict(attempt)


def _retry_on_conflict(attempt: Callable[[], ResultT]) -> ResultT:
    """Repeats `attempt`, which reads and writes, after a ConcurrentUpdate. Raises Busy."""
    for _ in attempts():
        try:
            return attempt()
        except ConcurrentUpdate:
            continue
    raise AssertionError("attempts() ends in Busy")
