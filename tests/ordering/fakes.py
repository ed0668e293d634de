"""Fakes of the order repository and the workflow, and the real store with its events readable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from souk.kernel.errors import ConcurrentUpdate, NotFound
from souk.kernel.events import Event
from souk.ordering.domain import ExecutionState, OrderHead, OrderSummary, WorkflowStep
from souk.ordering.events import (
    CancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderPlaced,
    OrderRejected,
)
from souk.ordering.store import OrderStore
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from souk.ordering.domain import Order

EVENTS: tuple[type[Event], ...] = (
    OrderPlaced,
    OrderConfirmed,
    OrderRejected,
    CancellationRequested,
    OrderCancelled,
    OrderCompleted,
)


class FakeOrders:
    """Orders in memory. `published` are the events stored with them."""

    def __init__(self, *orders: Order) -> None:
        self._orders: dict[str, Order] = {}
        self._heads: dict[str, OrderHead] = {}
        for order in orders:
            self._store(order)
        self.published: list[Event] = []

    def get(self, order_id: str) -> Order:
        head = self.get_head(order_id)
        return replace(
            self._orders[order_id],
            history=head.history,
            rejection=head.rejection,
            cancellation_requested_at=head.cancellation_requested_at,
            cancellation_reason=head.cancellation_reason,
            parcel=head.parcel,
        )

    def get_head(self, order_id: str) -> OrderHead:
        if order_id not in self._orders:
            raise NotFound(f"There is no order {order_id}.")
        return self._heads[order_id]

    def add(self, order: Order, event: Event) -> None:
        if order.order_id not in self._orders:
            self._store(order)
            self.published.append(event)

    def save(self, head: OrderHead, event: Event | None) -> None:
        if head.version != self._heads[head.order_id].version + 1:
            raise ConcurrentUpdate
        self._heads[head.order_id] = head
        self.published += [] if event is None else [event]

    def list_open(self, before: str) -> Iterator[str]:
        return (
            head.order_id
            for head in self._heads.values()
            if head.status.is_open and head.order_id < before
        )

    def list_by_day(self, day: date) -> list[OrderSummary]:
        return [
            OrderSummary(
                order_id=order.order_id,
                owner=order.owner,
                status=order.status,
                subtotal=order.subtotal,
                total=order.total,
                line_count=len(order.lines),
                placed_at=order.placed_at,
                rejection=order.rejection,
            )
            for order in map(self.get, self._orders)
            if order.placed_at.startswith(day.isoformat())
        ]

    def _store(self, order: Order) -> None:
        self._orders[order.order_id] = order
        self._heads[order.order_id] = OrderHead(
            order_id=order.order_id,
            owner=order.owner,
            contact_id=order.contact_id,
            total=order.total,
            history=order.history,
            rejection=order.rejection,
            correlation_id=order.correlation_id,
            version=1,
            execution_number=0,
        )


class StoredOrders(OrderStore):
    """The real store on a table without a relay, so its events stay in the outbox."""

    @property
    def published(self) -> list[Event]:
        return tables.outbox_events(self._table, *EVENTS)


class FakeWorkflow:
    """The state and the steps of each execution, by order id and execution number."""

    def __init__(self) -> None:
        self.executions: dict[tuple[str, int], ExecutionState] = {}
        self.steps: dict[tuple[str, int], list[WorkflowStep]] = {}

    def start(self, order_id: str, execution_number: int, correlation_id: str) -> None:
        assert correlation_id
        self.executions.setdefault((order_id, execution_number), ExecutionState.RUNNING)

    def get_state(self, order_id: str, execution_number: int) -> ExecutionState:
        return self.executions.get((order_id, execution_number), ExecutionState.NOT_STARTED)

    def list_steps(self, order_id: str, execution_number: int) -> list[WorkflowStep]:
        return self.steps.get((order_id, execution_number), [])

    def end_all(self) -> None:
        self.executions = dict.fromkeys(self.executions, ExecutionState.ENDED)
