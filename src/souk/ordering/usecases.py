"""Use cases of orders: placing, the steps of the checkout, cancellation and fulfilment."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from souk.kernel.clock import now, timestamp
from souk.kernel.errors import ConcurrentUpdate, NotFound
from souk.kernel.events import Cause, caused_by
from souk.kernel.retry import attempts
from souk.ordering.domain import (
    CheckoutFinished,
    ExecutionState,
    HoldExpired,
    OrderHead,
    OrderStatus,
    Parcel,
    Rejection,
    RejectionStarted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from souk.kernel.events import Event
    from souk.ordering.domain import Order, WorkflowStep

Update = tuple[OrderHead, "Event | None"]
"""A changed head and the event to store with it."""


class RestartResult(Enum):
    CHECKOUT_FINISHED = "checkout-finished"
    RUNNING = "running"
    STARTED = "started"
    RESTARTED = "restarted"
    CONCURRENT_UPDATE = "concurrent-update"


class Orders(Protocol):
    """The repository of orders. Its writes may raise Busy."""

    def get(self, order_id: str) -> Order:
        """Raises NotFound."""

    def get_head(self, order_id: str) -> OrderHead:
        """The order without its lines. Raises NotFound."""

    def add(self, order: Order, event: Event) -> None:
        """Store the order and its event. Does nothing when the order exists."""

    def save(self, head: OrderHead, event: Event | None) -> None:
        """Store the head and its event in one transaction.

        Raises ConcurrentUpdate unless the stored version is the one before.
        """

    def list_open(self, before: str) -> Iterator[str]:
        """Ids of the open orders (`OrderStatus.is_open`) that sort before the id `before`.

        Ids sort by creation time.
        """


class Workflow(Protocol):
    """The executions of the checkout workflow. Those of one order are numbered from 0."""

    def start(self, order_id: str, execution_number: int, correlation_id: str) -> None:
        """Start an execution. Does nothing when it was started before, even if it has ended."""

    def get_state(self, order_id: str, execution_number: int) -> ExecutionState: ...

    def list_steps(self, order_id: str, execution_number: int) -> list[WorkflowStep]:
        """The steps entered so far, in order. Empty when the execution is unknown or deleted."""


def place_order(order: Order, *, orders: Orders, workflow: Workflow) -> None:
    """Store the order and start its checkout workflow. Repeated, it takes effect once.

    Raises Busy.
    """
    orders.add(order, order.placed_event())
    workflow.start(order.order_id, 0, order.correlation_id)


def get_order(order_id: str, *, owner: str, orders: Orders) -> Order:
    """Raises NotFound, also when the order belongs to another owner."""
    order = orders.get(order_id)
    if order.owner != owner:
        raise NotFound(f"There is no order {order_id}.")
    return order


def list_workflow_steps(order_id: str, *, orders: Orders, workflow: Workflow) -> list[WorkflowStep]:
    """The steps of the latest execution of the order's workflow. Raises NotFound."""
    return workflow.list_steps(order_id, orders.get_head(order_id).execution_number)


def request_cancellation(order_id: str, *, owner: str, orders: Orders) -> Order:
    """Request cancellation of an order. Repeated, it takes effect once.

    The delivery service decides whether the order is cancelled or dispatched.
    Raises NotFound (also for another owner's order), OrderNotCancellable, Busy.
    """
    order = get_order(order_id, owner=owner, orders=orders)
    return _record_cancellation_request(order, None, orders)


def request_cancellation_by_staff(order_id: str, reason: str, *, orders: Orders) -> Order:
    """As `request_cancellation`, with a reason that the customer reads.

    An earlier request of the customer or of staff stays as it is.
    Raises NotFound, OrderNotCancellable, Busy.
    """
    return _record_cancellation_request(orders.get(order_id), reason, orders)


def mark_cancelled(order_id: str, *, orders: Orders) -> OrderHead:
    """The shipment was cancelled before dispatch. Repeated, it takes effect once.

    Raises NotFound, Busy, or ValueError unless the order is confirmed.
    """

    def update(head: OrderHead) -> Update | None:
        return None if head.status is OrderStatus.CANCELLED else head.cancel(timestamp(now()))

    return _update_head(order_id, update, orders)


def mark_dispatched(order_id: str, parcel: Parcel, *, orders: Orders) -> OrderHead:
    """The parcel was dispatched. Repeated, also after the delivery, it takes effect once.

    Raises NotFound, Busy, or ValueError unless the order is confirmed.
    """

    def update(head: OrderHead) -> Update | None:
        return None if head.parcel is not None else head.dispatch(parcel)

    return _update_head(order_id, update, orders)


def mark_delivered(order_id: str, delivered_at: str, *, orders: Orders) -> OrderHead:
    """The parcel was delivered. May be called before `mark_dispatched`, and repeatedly.

    Raises NotFound, Busy, or ValueError unless the order is confirmed or dispatched.
    """

    def update(head: OrderHead) -> Update | None:
        if head.status is OrderStatus.DELIVERED or head.early_delivery_at is not None:
            return None
        return head.deliver(delivered_at)

    return _update_head(order_id, update, orders)


def start_checkout(order_id: str, *, orders: Orders) -> Order:
    """The placed order. Raises NotFound, RejectionStarted, CheckoutFinished."""
    order = orders.get(order_id)
    if order.status is OrderStatus.REJECTING:
        raise RejectionStarted(f"order {order_id} is being rejected")
    if order.status is not OrderStatus.PLACED:
        raise CheckoutFinished(f"order {order_id} is {order.status.value}")
    return order


def confirm_order(order_id: str, *, stock_is_committed: bool, orders: Orders) -> OrderHead:
    """Confirm a placed order. An order that was confirmed before stays as it is.

    Raises NotFound, RejectionStarted, HoldExpired, Busy.
    """

    def update(head: OrderHead) -> Update | None:
        if head.status.has_been_confirmed:
            return None
        if head.status is not OrderStatus.PLACED:
            raise RejectionStarted(f"order {order_id} is {head.status.value}")
        if not stock_is_committed:
            raise HoldExpired(f"the hold of order {order_id} expired")
        return head.confirm(timestamp(now()))

    return _update_head(order_id, update, orders)


def start_rejection(order_id: str, rejection: Rejection, *, orders: Orders) -> OrderHead:
    """Start the rejection of a placed order. An order with another status stays as it is.

    Raises NotFound, Busy.
    """

    def update(head: OrderHead) -> Update | None:
        if head.status is not OrderStatus.PLACED:
            return None
        return head.start_rejection(rejection, timestamp(now())), None

    return _update_head(order_id, update, orders)


def reject_order(order_id: str, *, orders: Orders) -> OrderHead:
    """Complete a started rejection. A rejected order stays as it is.

    Raises NotFound, Busy, or ValueError unless the order is being rejected.
    """

    def update(head: OrderHead) -> Update | None:
        if head.status is OrderStatus.REJECTED:
            return None
        return head.reject(timestamp(now()))

    return _update_head(order_id, update, orders)


def ensure_checkout_running(order_id: str, *, orders: Orders, workflow: Workflow) -> RestartResult:
    """Start a workflow execution for an open order unless one is running.

    Step Functions does not reuse the name of an ended execution, so the next one gets the next
    number. Two executions of one order are harmless: each command takes effect once, and the
    order's row decides. Raises NotFound, Busy.
    """
    head = orders.get_head(order_id)
    if not head.status.is_open:
        return RestartResult.CHECKOUT_FINISHED
    match workflow.get_state(order_id, head.execution_number):
        case ExecutionState.RUNNING:
            return RestartResult.RUNNING
        case ExecutionState.NOT_STARTED:
            workflow.start(order_id, head.execution_number, head.correlation_id)
            return RestartResult.STARTED
    next_head = head.next_execution()
    try:
        orders.save(next_head, None)
    except ConcurrentUpdate:
        return RestartResult.CONCURRENT_UPDATE
    workflow.start(order_id, next_head.execution_number, next_head.correlation_id)
    return RestartResult.RESTARTED


def _record_cancellation_request(order: Order, reason: str | None, orders: Orders) -> Order:
    def update(head: OrderHead) -> Update | None:
        if head.cancellation_requested_at is not None:
            return None
        return head.request_cancellation(timestamp(now()), reason)

    with caused_by(Cause(order.correlation_id)):
        _update_head(order.order_id, update, orders)
    return orders.get(order.order_id)


def _update_head(
    order_id: str, update: Callable[[OrderHead], Update | None], orders: Orders
) -> OrderHead:
    """Apply `update`, which returns None when there is nothing to change.

    Raises NotFound, Busy, and whatever `update` raises.
    """
    for _ in attempts():
        head = orders.get_head(order_id)
        result = update(head)
        if result is None:
            return head
        updated, event = result
        try:
            orders.save(updated, event)
        except ConcurrentUpdate:
            continue
        return updated
    raise AssertionError("attempts() ends in Busy")
