"""Orders and workflows kept in memory, and the real orders with their facts laid open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from souk.kernel.errors import NotFound
from souk.kernel.facts import Fact
from souk.ordering.domain import Entered, OrderMoved, Standing, Summary
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

FACTS: tuple[type[Fact], ...] = (
    OrderPlaced,
    OrderConfirmed,
    OrderRejected,
    CancellationRequested,
    OrderCancelled,
    OrderCompleted,
)


class FakeOrders:
    """Orders by id; `said` are the facts told with them."""

    def __init__(self, *orders: Order) -> None:
        self._kept: dict[str, Order] = {}
        self._standing: dict[str, Standing] = {}
        for order in orders:
            self._keep(order)
        self.said: list[Fact] = []

    def get(self, order_id: str) -> Order:
        standing = self.standing(order_id)
        return replace(
            self._kept[order_id],
            history=standing.history,
            rejection=standing.rejection,
            cancel_asked_at=standing.cancel_asked_at,
            cancel_reason=standing.cancel_reason,
            parcel=standing.parcel,
        )

    def standing(self, order_id: str) -> Standing:
        if order_id not in self._kept:
            raise NotFound(f"there is no order {order_id}")
        return self._standing[order_id]

    def add(self, order: Order, fact: Fact) -> None:
        if order.order_id not in self._kept:
            self._keep(order)
            self.said.append(fact)

    def save(self, after: Standing, fact: Fact | None) -> None:
        if after.version != self._standing[after.order_id].version + 1:
            raise OrderMoved
        self._standing[after.order_id] = after
        self.said += [] if fact is None else [fact]

    def left_open(self, before: str) -> Iterator[str]:
        return (
            standing.order_id
            for standing in self._standing.values()
            if standing.status.is_open and standing.order_id < before
        )

    def of_day(self, day: date) -> list[Summary]:
        return [
            Summary(
                order_id=order.order_id,
                owner=order.owner,
                status=order.status,
                subtotal=order.subtotal,
                total=order.total,
                line_count=len(order.lines),
                placed_at=order.placed_at,
                rejection=order.rejection,
            )
            for order in map(self.get, self._kept)
            if order.placed_at.startswith(day.isoformat())
        ]

    def _keep(self, order: Order) -> None:
        self._kept[order.order_id] = order
        self._standing[order.order_id] = Standing(
            order_id=order.order_id,
            owner=order.owner,
            contact_id=order.contact_id,
            total=order.total,
            history=order.history,
            rejection=order.rejection,
            journey=order.journey,
            version=1,
            run=0,
        )


class StoredOrders(OrderStore):
    """The real store on a table no relay reads."""

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, *FACTS)


class FakeRuns:
    """Which executions of the workflow there are, and whether each is over."""

    def __init__(self) -> None:
        self.over: dict[tuple[str, int], bool] = {}
        self.states: dict[tuple[str, int], list[Entered]] = {}

    def start(self, order_id: str, run: int, journey: str) -> None:
        assert journey
        self.over.setdefault((order_id, run), False)

    def is_over(self, order_id: str, run: int) -> bool | None:
        return self.over.get((order_id, run))

    def entered(self, order_id: str, run: int) -> list[Entered]:
        return self.states.get((order_id, run), [])

    def end_all(self) -> None:
        self.over = dict.fromkeys(self.over, True)
