"""What happens to orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from souk.kernel.errors import NotFound

if TYPE_CHECKING:
    from souk.kernel.facts import Fact
    from souk.ordering.domain import Order


class Orders(Protocol):
    def get(self, order_id: str) -> Order:
        """Raises NotFound."""

    def add(self, order: Order, fact: Fact) -> None:
        """Store the order and say the fact; an order that is there already stays as it is."""


def place_order(order: Order, *, orders: Orders) -> None:
    """Make a checked-out basket an order. Heard twice, it is placed once."""
    orders.add(order, order.placed())


def read_order(order_id: str, *, owner: str, orders: Orders) -> Order:
    """Raises NotFound for a stranger's order too: nobody learns that it exists."""
    order = orders.get(order_id)
    if order.owner != owner:
        raise NotFound(f"there is no order {order_id}")
    return order
