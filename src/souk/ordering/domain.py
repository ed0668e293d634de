"""The order: its lines, its status transitions, its rejection and its cancellation.

All times are UTC, ISO 8601.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import msgspec

from souk.kernel.errors import Conflict
from souk.kernel.money import Money, sum_money
from souk.ordering.events import (
    CancellationRequested,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderPlaced,
    OrderRejected,
)

if TYPE_CHECKING:
    from souk.kernel.events import Event

RejectionReason = Literal[
    "out-of-stock",
    "payment-declined",
    "payment-unresolved",
    "reservation-expired",
    "internal-error",
]
REJECTION_REASONS: tuple[RejectionReason, ...] = get_args(RejectionReason)

CancellationOutcome = Literal["undecided", "cancelled", "too-late", "rejected"]
"""Result of a cancellation request. `rejected`: the order itself is being or was rejected."""


class OrderNotCancellable(Conflict):
    """The order is being rejected or was rejected."""

    slug = "order-not-cancellable"
    title = "Order not cancellable"


# `checkout.asl.json` catches the next three exceptions by class name.


class RejectionStarted(Exception):
    """The order is being rejected or was rejected, so its checkout cannot continue."""


class CheckoutFinished(Exception):
    """The checkout has nothing left to do.

    The order was confirmed or rejected. It may be cancelled, dispatched or delivered since.
    """


class HoldExpired(Exception):
    """No stock is committed to the order, so it cannot be confirmed.

    Its hold expired, was rejected or released, or does not exist.
    """


class OrderStatus(Enum):
    """Sorted so that every transition leads to a later status.

    `OrderStore.list_by_day` relies on it.
    """

    PLACED = "placed"
    CONFIRMED = "confirmed"
    REJECTING = "rejecting"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"

    @property
    def is_open(self) -> bool:
        """Whether the checkout workflow still has to confirm or reject the order."""
        return self in (OrderStatus.PLACED, OrderStatus.REJECTING)

    @property
    def has_been_confirmed(self) -> bool:
        """Whether the order was confirmed at some time; it may be cancelled or delivered since."""
        return self not in (OrderStatus.PLACED, OrderStatus.REJECTING, OrderStatus.REJECTED)


STATUS_TRANSITIONS: dict[OrderStatus, tuple[OrderStatus, ...]] = {
    OrderStatus.PLACED: (OrderStatus.CONFIRMED, OrderStatus.REJECTING),
    OrderStatus.CONFIRMED: (OrderStatus.DISPATCHED, OrderStatus.CANCELLED),
    OrderStatus.REJECTING: (OrderStatus.REJECTED,),
    OrderStatus.REJECTED: (),
    OrderStatus.CANCELLED: (),
    OrderStatus.DISPATCHED: (OrderStatus.DELIVERED,),
    OrderStatus.DELIVERED: (),
}
"""All allowed transitions.

From `confirmed`, the delivery service decides between dispatch and cancellation.
"""

STATUS_DESCRIPTIONS = {
    OrderStatus.PLACED: "The customer committed to buy; stock and payment are being processed.",
    OrderStatus.CONFIRMED: "Its stock is committed and its payment authorized; it can be shipped.",
    OrderStatus.REJECTING: "The order will be rejected; its payment and stock are being released.",
    OrderStatus.REJECTED: "Nothing is reserved or authorized; the customer can read the reason.",
    OrderStatus.CANCELLED: (
        "Cancelled before dispatch. By events, its payment is voided or refunded and its stock is"
        " released."
    ),
    OrderStatus.DISPATCHED: "The parcel is on its way and the payment was captured.",
    OrderStatus.DELIVERED: "The parcel was delivered.",
}
"""The meanings of the statuses in `docs/orders.md`."""

REJECTION_MESSAGES: dict[RejectionReason, str] = {
    "out-of-stock": "Some items are out of stock. You were not charged.",
    "payment-declined": "Your payment was declined. You were not charged.",
    "payment-unresolved": "Your payment took too long. You were not charged.",
    "reservation-expired": "Your order took too long to complete. You were not charged.",
    "internal-error": "Something went wrong on our side. You were not charged. Please try again.",
}
"""`rejection.message` of the API, for the customer. `timeline/domain.py` has the same texts."""

CANCELLATION_OUTCOME_BY_STATUS: dict[OrderStatus, CancellationOutcome] = {
    OrderStatus.PLACED: "undecided",
    OrderStatus.CONFIRMED: "undecided",
    OrderStatus.REJECTING: "rejected",
    OrderStatus.REJECTED: "rejected",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.DISPATCHED: "too-late",
    OrderStatus.DELIVERED: "too-late",
}
"""The outcome of a cancellation request, implied by the order's status."""


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order is rejected.

    `detail` is payment's reason for the decline, a slug; only with `payment-declined`. `skus` are
    those without enough stock; only with `out-of-stock`.
    """

    reason: RejectionReason
    detail: str | None = None
    skus: list[str] = []


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """A cancellation request and its outcome. `reason` is None when the customer requested it."""

    requested_at: str
    reason: str | None
    outcome: CancellationOutcome


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    carrier: str
    tracking_number: str
    dispatched_at: str


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: int
    unit_price: Money

    @property
    def total(self) -> Money:
        return self.unit_price.times(self.quantity)


class StatusChange(msgspec.Struct, frozen=True, kw_only=True):
    """An entry in an order's history."""

    status: OrderStatus
    at: str


class OrderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An order without its lines and history, for lists."""

    order_id: str
    owner: str
    status: OrderStatus
    subtotal: Money
    total: Money
    line_count: int
    placed_at: str
    rejection: Rejection | None = None


class OrderHead(msgspec.Struct, frozen=True, kw_only=True):
    """An order without its lines; what a status change rewrites.

    Each method returns a changed copy with the next version, for one save. Methods that change the
    status raise ValueError when STATUS_TRANSITIONS does not allow it.

    `execution_number` is that of the latest workflow execution; the first is 0. All executions use
    `correlation_id`. `cancellation_reason` is set when staff requested the cancellation.
    `early_delivery_at` is set when the delivery is reported before the dispatch.
    """

    order_id: str
    owner: str
    contact_id: str
    total: Money
    history: list[StatusChange]
    rejection: Rejection | None
    correlation_id: str
    version: int
    execution_number: int
    cancellation_requested_at: str | None = None
    cancellation_reason: str | None = None
    parcel: Parcel | None = None
    early_delivery_at: str | None = None

    @property
    def status(self) -> OrderStatus:
        return self.history[-1].status

    def confirm(self, at: str) -> tuple[OrderHead, OrderConfirmed]:
        head = self._transition_to(OrderStatus.CONFIRMED, at)
        event = OrderConfirmed(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            total=self.total,
            confirmed_at=at,
        )
        return head, event

    def start_rejection(self, rejection: Rejection, at: str) -> OrderHead:
        head = self._transition_to(OrderStatus.REJECTING, at)
        return msgspec.structs.replace(head, rejection=rejection)

    def reject(self, at: str) -> tuple[OrderHead, OrderRejected]:
        head = self._transition_to(OrderStatus.REJECTED, at)
        event = OrderRejected(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            reason=self.rejection.reason if self.rejection else "internal-error",
            rejected_at=at,
        )
        return head, event

    def request_cancellation(
        self, at: str, reason: str | None
    ) -> tuple[OrderHead, CancellationRequested | None]:
        """Record the request. There is no event once the order was dispatched or cancelled.

        The caller checks for an earlier request; this one would replace it.
        Raises OrderNotCancellable.
        """
        if self.status in (OrderStatus.REJECTING, OrderStatus.REJECTED):
            raise OrderNotCancellable(
                f"Order {self.order_id} was rejected. Nothing was charged, "
                "so there is nothing to cancel."
            )
        head = self._update(cancellation_requested_at=at, cancellation_reason=reason)
        if self.status not in (OrderStatus.PLACED, OrderStatus.CONFIRMED):
            return head, None
        return head, CancellationRequested(
            order_id=self.order_id,
            owner=self.owner,
            requested_at=at,
            by_staff=reason is not None,
        )

    def cancel(self, at: str) -> tuple[OrderHead, OrderCancelled]:
        head = self._transition_to(OrderStatus.CANCELLED, at)
        event = OrderCancelled(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            cancelled_at=at,
        )
        return head, event

    def dispatch(self, parcel: Parcel) -> tuple[OrderHead, Event | None]:
        """Dispatched; delivered as well when the delivery was reported before."""
        head = self._transition_to(OrderStatus.DISPATCHED, parcel.dispatched_at, parcel=parcel)
        if self.early_delivery_at is None:
            return head, None
        change = StatusChange(status=OrderStatus.DELIVERED, at=self.early_delivery_at)
        delivered = msgspec.structs.replace(
            head, history=[*head.history, change], early_delivery_at=None
        )
        return delivered, self._order_completed(self.early_delivery_at)

    def deliver(self, at: str) -> tuple[OrderHead, OrderCompleted | None]:
        """Delivered. While the dispatch is not reported yet, only the time is recorded."""
        if self.status is OrderStatus.CONFIRMED:
            return self._update(early_delivery_at=at), None
        return self._transition_to(OrderStatus.DELIVERED, at), self._order_completed(at)

    def next_execution(self) -> OrderHead:
        """Counts another workflow execution. The caller starts it."""
        return self._update(execution_number=self.execution_number + 1)

    def _order_completed(self, at: str) -> OrderCompleted:
        return OrderCompleted(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            completed_at=at,
        )

    def _update(self, **fields: object) -> OrderHead:
        return msgspec.structs.replace(self, version=self.version + 1, **fields)

    def _transition_to(self, status: OrderStatus, at: str, **fields: object) -> OrderHead:
        """Raises ValueError for a transition that is not allowed."""
        if status not in STATUS_TRANSITIONS[self.status]:
            raise ValueError(
                f"order {self.order_id} is {self.status.value} and cannot become {status.value}"
            )
        history = [*self.history, StatusChange(status=status, at=at)]
        return self._update(history=history, **fields)


class ExecutionState(Enum):
    """The state of one execution of the checkout workflow."""

    NOT_STARTED = "not-started"
    RUNNING = "running"
    ENDED = "ended"  # succeeded, failed or timed out


class WorkflowStep(NamedTuple):
    """A state of the checkout workflow that an execution entered, and when."""

    state: str
    at: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's commitment to buy. `total` is the sum of the lines plus `shipping`.

    Raises ValueError without lines, or when the total differs from that sum.
    """

    order_id: str
    owner: str
    contact_id: str
    lines: list[OrderLine]
    shipping_option: str
    shipping: Money
    total: Money
    payment_token: str
    correlation_id: str
    history: list[StatusChange]
    rejection: Rejection | None = None
    cancellation_requested_at: str | None = None
    cancellation_reason: str | None = None
    parcel: Parcel | None = None

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("an order needs at least one line")
        if self.subtotal + self.shipping != self.total:
            raise ValueError(f"the lines and shipping of order {self.order_id} do not add up")

    @property
    def status(self) -> OrderStatus:
        return self.history[-1].status

    @property
    def placed_at(self) -> str:
        """The time of the checkout."""
        return self.history[0].at

    @property
    def subtotal(self) -> Money:
        return sum_money((line.total for line in self.lines), self.total.currency)

    @property
    def cancellation(self) -> Cancellation | None:
        if self.cancellation_requested_at is None:
            return None
        return Cancellation(
            requested_at=self.cancellation_requested_at,
            reason=self.cancellation_reason,
            outcome=CANCELLATION_OUTCOME_BY_STATUS[self.status],
        )

    def placed_event(self) -> OrderPlaced:
        return OrderPlaced(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            line_count=len(self.lines),
            total=self.total,
            placed_at=self.placed_at,
        )
