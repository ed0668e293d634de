"""An order: what was agreed, and the states it goes through."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple, Self, get_args

import msgspec

from souk.kernel.errors import Conflict
from souk.kernel.money import Money, total
from souk.ordering.commands import Reason
from souk.ordering.events import OrderConfirmed, OrderPlaced, OrderRejected


class Status(Enum):
    """Where an order stands."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    REJECTING = "rejecting"
    REJECTED = "rejected"


MEANS: Mapping[Status, str] = {
    Status.PLACED: "the customer committed to buy; stock and payment are being seen to",
    Status.CONFIRMED: "the goods are the order's, the money is set aside: it can be shipped",
    Status.REJECTING: "it will not be: what was set aside for it is being given back",
    Status.REJECTED: "nothing is set aside for it any more; its customer can read why",
}

CHANGES: Mapping[Status, tuple[Status, ...]] = {
    Status.PLACED: (Status.CONFIRMED, Status.REJECTING),
    Status.CONFIRMED: (),
    Status.REJECTING: (Status.REJECTED,),
    Status.REJECTED: (),
}
"""What may follow upon each state, and nothing else does."""

OPEN = frozenset({Status.PLACED, Status.REJECTING})
"""Work is left: the checkout workflow must still conclude such an order."""

SENTENCES: Mapping[Reason, str] = {
    "out-of-stock": "Some of it is no longer in stock; you were not charged.",
    "payment-declined": "Your payment was declined; you were not charged.",
    "payment-unresolved": "Your payment could not be settled in time; you were not charged.",
    "reservation-lapsed": "The goods could not be held any longer; you were not charged.",
}
assert set(SENTENCES) == set(get_args(Reason))


class WrongState(Conflict):
    """The order stands where this change is not allowed."""

    slug = "wrong-state"


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order is not to be: `detail` is the provider's reason, `skus` what is short."""

    reason: Reason
    detail: str | None = None
    skus: list[str] = []


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
    reason: Reason | None = None


class Unconcluded(NamedTuple):
    """An order still open, the run of the workflow it was given last, and its journey."""

    order_id: str
    run: int
    correlation_id: str


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """An order without its lines: all that its states depend on, and all that changes."""

    order_id: str
    owner: str
    contact_id: str
    shipping_option: str
    shipping: Money
    total: Money
    payment_token: str
    history: list[Change]
    rejection: Rejection | None = None

    @property
    def status(self) -> Status:
        return self.history[-1].status

    @property
    def placed_at(self) -> str:
        return self.history[0].at

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def confirm(self, at: str) -> tuple[Self, OrderConfirmed]:
        """Raises WrongState unless the order is placed."""
        confirmed = self._become(Status.CONFIRMED, at)
        return confirmed, OrderConfirmed(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            shipping_option=self.shipping_option,
            total=self.total,
            confirmed_at=at,
        )

    def refuse(self, why: Rejection, at: str) -> Self:
        """From here on it is undone, whoever still works for it. Raises WrongState."""
        return msgspec.structs.replace(self._become(Status.REJECTING, at), rejection=why)

    def reject(self, at: str) -> tuple[Self, OrderRejected]:
        """All is undone. Raises WrongState unless the order was refused."""
        rejected = self._become(Status.REJECTED, at)
        assert rejected.rejection is not None
        return rejected, OrderRejected(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            reason=rejected.rejection.reason,
            rejected_at=at,
        )

    def _become(self, status: Status, at: str) -> Self:
        if status not in CHANGES[self.status]:
            raise WrongState(f"order {self.order_id} is {self.status.value}, not to be changed so")
        return msgspec.structs.replace(self, history=[*self.history, Change(status=status, at=at)])


class Order(Head, frozen=True, kw_only=True):
    """One visitor's promise to buy. Never empty; its total is its lines' sum plus shipping."""

    lines: list[Line]

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("an order needs at least one line")
        if self.subtotal + self.shipping != self.total:
            raise ValueError(f"the lines and shipping of {self.order_id} do not add up")

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
