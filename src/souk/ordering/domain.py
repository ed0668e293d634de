"""An order: what was agreed, and the states it goes through."""

from __future__ import annotations

from enum import Enum

import msgspec

from souk.kernel.money import Money, total
from souk.ordering.events import OrderPlaced


class Status(Enum):
    """Where an order stands. The checkout workflow adds what follows upon `placed`."""

    PLACED = "placed"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: int
    unit_price: Money

    @property
    def total(self) -> Money:
        return self.unit_price.times(self.quantity)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an order's history."""

    status: Status
    at: str


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """An order without its lines, as lists show it."""

    order_id: str
    owner: str
    status: Status
    subtotal: Money
    total: Money
    line_count: int
    placed_at: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One visitor's promise to buy. Never empty; its total is its lines' sum plus shipping."""

    order_id: str
    owner: str
    contact_id: str
    lines: list[Line]
    shipping_option: str
    shipping: Money
    total: Money
    payment_token: str
    history: list[Change]

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("an order needs at least one line")
        if self.subtotal + self.shipping != self.total:
            raise ValueError(f"the lines and shipping of {self.order_id} do not add up")

    @property
    def status(self) -> Status:
        return self.history[-1].status

    @property
    def placed_at(self) -> str:
        return self.history[0].at

    @property
    def subtotal(self) -> Money:
        return total((line.total for line in self.lines), self.total.currency)

    def placed(self) -> OrderPlaced:
        return OrderPlaced(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            line_count=len(self.lines),
            total=self.total,
            placed_at=self.placed_at,
        )
