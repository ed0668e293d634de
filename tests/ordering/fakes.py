"""Orders kept in memory, and the real ones with their facts laid open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souk.kernel.errors import NotFound
from souk.ordering.events import OrderPlaced
from souk.ordering.store import OrderStore
from tests.kernel import tables

if TYPE_CHECKING:
    from souk.kernel.facts import Fact
    from souk.ordering.domain import Order


class FakeOrders:
    """Orders by id; `said` are the facts told with them."""

    def __init__(self, *orders: Order) -> None:
        self._kept = {order.order_id: order for order in orders}
        self.said: list[Fact] = []

    def get(self, order_id: str) -> Order:
        if order_id not in self._kept:
            raise NotFound(f"there is no order {order_id}")
        return self._kept[order_id]

    def add(self, order: Order, fact: Fact) -> None:
        if order.order_id not in self._kept:
            self._kept[order.order_id] = order
            self.said.append(fact)


class StoredOrders(OrderStore):
    """The real store on a table no relay reads."""

    @property
    def said(self) -> list[Fact]:
        return tables.said(self._table, OrderPlaced)
