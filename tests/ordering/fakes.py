"""Orders kept in memory, and the real ones with their facts laid open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from souk.kernel.errors import ChangedMeanwhile, NotFound
from souk.ordering.domain import Head, Order, Unconcluded
from souk.ordering.events import OrderConfirmed, OrderPlaced, OrderRejected
from souk.ordering.store import OrderStore
from tests.kernel import tables

if TYPE_CHECKING:
    from souk.kernel.facts import Fact


JOURNEY = "journey-1"


class FakeOrders:
    """Orders by id; `said` are the facts told with them."""

    def __init__(self, *orders: Order) -> None:
        self._kept = {order.order_id: order for order in orders}
        self._runs: dict[str, int] = {}
        self.said: list[Fact] = []

    def get(self, order_id: str) -> Order:
        if order_id not in self._kept:
            raise NotFound(f"there is no order {order_id}")
        return self._kept[order_id]

    def add(self, order: Order, fact: Fact) -> None:
        if order.order_id not in self._kept:
            self._kept[order.order_id] = order
            self.said.append(fact)

    def head(self, order_id: str) -> Head:
        return self.get(order_id)

    def save(self, changed: Head, *facts: Fact) -> None:
        kept = self.get(changed.order_id)
        if kept.history != changed.history[:-1]:
            raise ChangedMeanwhile(f"order {changed.order_id} was changed meanwhile")
        self._kept[changed.order_id] = msgspec.structs.replace(
            kept, history=changed.history, rejection=changed.rejection
        )
        self.said += facts

    def next_run(self, order: Unconcluded) -> Unconcluded | None:
        if self._runs.get(order.order_id, 1) != order.run or not self.get(order.order_id).is_open:
            return None
        self._runs[order.order_id] = order.run + 1
        return order._replace(run=order.run + 1)

    def open_orders(self, placed_before: str) -> list[Unconcluded]:
        return [
            Unconcluded(order.order_id, self._runs.get(order.order_id, 1), JOURNEY)
            for order in sorted(self._kept.values(), key=lambda order: order.placed_at)
            if order.is_open and order.placed_at < placed_before
        ]


class FakeCheckouts:
    """Runs of the workflow: `started` are underway, those in `over` have ended."""

    def __init__(self, *over: Unconcluded) -> None:
        self.over = set(over)
        self.started: list[Unconcluded] = []

    def start(self, order: Unconcluded) -> bool:
        if order not in self.over and order not in self.started:
            self.started.append(order)
        return order not in self.over


class StoredOrders(OrderStore):
    """The real store on a table no relay reads."""

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, OrderPlaced, OrderConfirmed, OrderRejected)
