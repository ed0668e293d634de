"""An order: what was agreed, the states it goes through, and why it may be refused."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import msgspec

from souk.kernel.errors import Conflict
from souk.kernel.money import Money, total
from souk.ordering.events import (
    CancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderPlaced,
    OrderRejected,
)

if TYPE_CHECKING:
    from souk.kernel.facts import Fact

Reason = Literal[
    "out-of-stock", "payment-declined", "payment-unresolved", "reservation-lapsed", "not-possible"
]
REASONS: tuple[Reason, ...] = get_args(Reason)

Outcome = Literal["undecided", "cancelled", "too-late", "rejected"]
"""What became of a wish to cancel. `rejected`: the order was, so there was nothing to cancel."""


class NothingToCancel(Conflict):
    slug = "nothing-to-cancel"
    title = "The order was rejected; nothing of it is left to cancel"


class OrderRefused(Exception):
    """Somebody decided that the order will not be, and it is being undone."""


class OrderDecided(Exception):
    """The order is confirmed or rejected: there is nothing left to do."""


class StockLapsed(Exception):
    """What was reserved for the order was given back before it could be confirmed."""


class OrderMoved(Exception):
    """Somebody else changed the order between reading and writing."""


class Status(Enum):
    """Where an order stands."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    REJECTING = "rejecting"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"

    @property
    def is_open(self) -> bool:
        """Whether the checkout workflow still has to decide or undo something."""
        return self in (Status.PLACED, Status.REJECTING)

    @property
    def was_confirmed(self) -> bool:
        """Whether the checkout workflow ended well, whatever came after."""
        return self not in (Status.PLACED, Status.REJECTING, Status.REJECTED)


CHANGES: dict[Status, tuple[Status, ...]] = {
    Status.PLACED: (Status.CONFIRMED, Status.REJECTING),
    Status.CONFIRMED: (Status.DISPATCHED, Status.CANCELLED),
    Status.REJECTING: (Status.REJECTED,),
    Status.REJECTED: (),
    Status.CANCELLED: (),
    Status.DISPATCHED: (Status.DELIVERED,),
    Status.DELIVERED: (),
}
"""Every change of state there is. What is `rejecting` is being undone; what is confirmed is sent,
unless delivery says that the wish to cancel came first."""

MEANS = {
    Status.PLACED: "the customer committed to buy; stock and payment are being seen to",
    Status.CONFIRMED: "the goods are the order's and the money is set aside: it can be shipped",
    Status.REJECTING: "it will not be: what was set aside for it is being given back",
    Status.REJECTED: "nothing is set aside for it any more; its customer can read why",
    Status.CANCELLED: "somebody asked before it was sent; goods and money are given back",
    Status.DISPATCHED: "its parcel left and its money was taken",
    Status.DELIVERED: "its parcel was handed over",
}
SENTENCES: dict[Reason, str] = {
    "out-of-stock": "Of something in your order there was not enough left; you were not charged.",
    "payment-declined": "Your payment was declined; you were not charged.",
    "payment-unresolved": "Your payment took too long; you were not charged.",
    "reservation-lapsed": "It took too long to complete your order; you were not charged.",
    "not-possible": "Something went wrong on our side; you were not charged. Please try again.",
}

OUTCOMES: dict[Status, Outcome] = {
    Status.PLACED: "undecided",
    Status.CONFIRMED: "undecided",
    Status.REJECTING: "rejected",
    Status.REJECTED: "rejected",
    Status.CANCELLED: "cancelled",
    Status.DISPATCHED: "too-late",
    Status.DELIVERED: "too-late",
}
"""How a wish to cancel stands while the order stands so."""


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order will not be: `detail` is the payment provider's slug, `skus` what is short."""

    reason: Reason
    detail: str | None = None
    skus: list[str] = []


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to cancel, and how the order answered it. Only staff's has a reason."""

    asked_at: str
    reason: str | None
    outcome: Outcome


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """What delivery said when it sent the order."""

    carrier: str
    tracking_number: str
    dispatched_at: str


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
    rejection: Rejection | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of an order; its lines never do. `run` counts its workflow's executions,
    `journey` is the correlation id all of them carry. `cancel_asked_at` marks a wish to cancel,
    `cancel_reason` one of staff; `delivered_at` is kept while the word of its delivery is here
    before that of its dispatch.
    """

    order_id: str
    owner: str
    contact_id: str
    total: Money
    history: list[Change]
    rejection: Rejection | None
    journey: str
    version: int
    run: int
    cancel_asked_at: str | None = None
    cancel_reason: str | None = None
    parcel: Parcel | None = None
    delivered_at: str | None = None

    @property
    def status(self) -> Status:
        return self.history[-1].status

    def confirm(self, at: str) -> tuple[Standing, OrderConfirmed]:
        after = self._become(Status.CONFIRMED, at)
        fact = OrderConfirmed(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            total=self.total,
            confirmed_at=at,
        )
        return after, fact

    def refuse(self, rejection: Rejection, at: str) -> Standing:
        after = self._become(Status.REJECTING, at)
        return msgspec.structs.replace(after, rejection=rejection)

    def reject(self, at: str) -> tuple[Standing, OrderRejected]:
        after = self._become(Status.REJECTED, at)
        fact = OrderRejected(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            reason=self.rejection.reason if self.rejection else "not-possible",
            rejected_at=at,
        )
        return after, fact

    def ask_to_cancel(
        self, at: str, reason: str | None
    ) -> tuple[Standing, CancellationRequested | None]:
        """Mark the wish. Delivery is told of it only while it can still come first.

        Raises NothingToCancel.
        """
        if self.status in (Status.REJECTING, Status.REJECTED):
            raise NothingToCancel(f"order {self.order_id} was rejected and nothing was charged")
        after = self._change(cancel_asked_at=at, cancel_reason=reason)
        if self.status not in (Status.PLACED, Status.CONFIRMED):
            return after, None
        return after, CancellationRequested(
            order_id=self.order_id,
            owner=self.owner,
            requested_at=at,
            by_staff=reason is not None,
        )

    def cancel(self, at: str) -> tuple[Standing, OrderCancelled]:
        after = self._become(Status.CANCELLED, at)
        fact = OrderCancelled(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            cancelled_at=at,
        )
        return after, fact

    def dispatch(self, parcel: Parcel) -> tuple[Standing, Fact | None]:
        """Sent; and delivered, too, if that was heard before."""
        after = self._become(Status.DISPATCHED, parcel.dispatched_at, parcel=parcel)
        if self.delivered_at is None:
            return after, None
        step = Change(status=Status.DELIVERED, at=self.delivered_at)
        delivered = msgspec.structs.replace(
            after, history=[*after.history, step], delivered_at=None
        )
        return delivered, self._completed(self.delivered_at)

    def deliver(self, at: str) -> tuple[Standing, OrderCompleted | None]:
        """Delivered; while nobody said that it was sent, that is only kept."""
        if self.status is Status.CONFIRMED:
            return self._change(delivered_at=at), None
        return self._become(Status.DELIVERED, at), self._completed(at)

    def run_again(self) -> Standing:
        return self._change(run=self.run + 1)

    def _completed(self, at: str) -> OrderCompleted:
        return OrderCompleted(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            completed_at=at,
        )

    def _change(self, **changed: object) -> Standing:
        return msgspec.structs.replace(self, version=self.version + 1, **changed)

    def _become(self, status: Status, at: str, **changed: object) -> Standing:
        if status not in CHANGES[self.status]:
            raise ValueError(f"{self.order_id} is {self.status.value}, not to be {status.value}")
        history = [*self.history, Change(status=status, at=at)]
        return self._change(history=history, **changed)


class Entered(NamedTuple):
    """A state of the checkout workflow, and when an order's came to it."""

    state: str
    at: str


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
    journey: str
    history: list[Change]
    rejection: Rejection | None = None
    cancel_asked_at: str | None = None
    cancel_reason: str | None = None
    parcel: Parcel | None = None

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

    @property
    def cancellation(self) -> Cancellation | None:
        """The wish to cancel, answered by what the order has become."""
        if self.cancel_asked_at is None:
            return None
        return Cancellation(
            asked_at=self.cancel_asked_at,
            reason=self.cancel_reason,
            outcome=OUTCOMES[self.status],
        )

    def placed(self) -> OrderPlaced:
        return OrderPlaced(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            line_count=len(self.lines),
            total=self.total,
            placed_at=self.placed_at,
        )
