"""Request and response bodies of the order routes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec.structs import asdict

from souk.kernel.money import Money
from souk.kernel.patterns import ONE_LINE
from souk.ordering.domain import (
    REJECTION_MESSAGES,
    Order,
    OrderLine,
    OrderSummary,
    Rejection,
    WorkflowStep,
)
from souk.ordering.figures import DayFigures


class CancellationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why staff cancel the order. The customer reads it."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]


class OrderLineView(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: int
    unit_price: Money
    line_total: Money


class StatusChangeView(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    at: str


class RejectionView(msgspec.Struct, frozen=True, kw_only=True):
    """Why the order was rejected.

    `message` is for the customer. `skus` are those without enough stock. `detail` is payment's
    reason for a decline, a slug.
    """

    reason: str
    message: str
    skus: list[str]
    detail: str | None


class CancellationView(msgspec.Struct, frozen=True, kw_only=True):
    """A cancellation request. `outcome` is `undecided`, `cancelled`, `too-late` or `rejected`.

    `rejected`: the order itself is being or was rejected. `reason` is the staff's; null when the
    customer requested the cancellation.
    """

    requested_at: str
    reason: str | None
    outcome: str


class ParcelView(msgspec.Struct, frozen=True, kw_only=True):
    carrier: str
    tracking_number: str
    dispatched_at: str


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    order_id: str
    status: str
    lines: list[OrderLineView]
    subtotal: Money
    shipping_option: str
    shipping: Money
    total: Money
    placed_at: str
    rejection: RejectionView | None
    cancellation: CancellationView | None
    parcel: ParcelView | None
    history: list[StatusChangeView]


class StaffOrderView(OrderView, frozen=True, kw_only=True):
    """`owner` and `contact_id` are pseudonymous ids, not personal data."""

    owner: str
    contact_id: str


class OrderCard(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list, without its lines and history."""

    order_id: str
    status: str
    subtotal: Money
    total: Money
    line_count: int
    placed_at: str
    rejection: RejectionView | None


class StaffOrderCard(OrderCard, frozen=True, kw_only=True):
    owner: str


class StaffOrderPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the next page; null on the last page."""

    items: list[StaffOrderCard]
    next: str | None


class OrderPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the next page; null on the last page."""

    items: list[OrderCard]
    next: str | None


class DayFiguresView(DayFigures, frozen=True, kw_only=True):
    """The orders placed on `day` (UTC), by current status and by rejection reason."""

    day: str


class WorkflowStepView(msgspec.Struct, frozen=True, kw_only=True):
    state: str
    at: str


class WorkflowView(msgspec.Struct, frozen=True, kw_only=True):
    """The states that the order's checkout workflow entered, in order.

    Step Functions deletes the history of an execution after 90 days.
    """

    order_id: str
    items: list[WorkflowStepView]


def to_order_view(order: Order) -> OrderView:
    return OrderView(**_order_fields(order))


def to_staff_order_view(order: Order) -> StaffOrderView:
    return StaffOrderView(**_order_fields(order), owner=order.owner, contact_id=order.contact_id)


def to_order_card(order: OrderSummary) -> OrderCard:
    return OrderCard(**_card_fields(order))


def to_staff_order_card(order: OrderSummary) -> StaffOrderCard:
    return StaffOrderCard(**_card_fields(order), owner=order.owner)


def to_day_figures_view(day: date, figures: DayFigures) -> DayFiguresView:
    return DayFiguresView(day=day.isoformat(), **asdict(figures))


def to_workflow_view(order_id: str, steps: list[WorkflowStep]) -> WorkflowView:
    items = [WorkflowStepView(state=step.state, at=step.at) for step in steps]
    return WorkflowView(order_id=order_id, items=items)


def _order_fields(order: Order) -> dict[str, Any]:
    cancellation, parcel = order.cancellation, order.parcel
    return {
        "order_id": order.order_id,
        "status": order.status.value,
        "lines": [_to_line_view(line) for line in order.lines],
        "subtotal": order.subtotal,
        "shipping_option": order.shipping_option,
        "shipping": order.shipping,
        "total": order.total,
        "placed_at": order.placed_at,
        "rejection": _to_rejection_view(order.rejection),
        "cancellation": CancellationView(**asdict(cancellation)) if cancellation else None,
        "parcel": ParcelView(**asdict(parcel)) if parcel else None,
        "history": [
            StatusChangeView(status=change.status.value, at=change.at) for change in order.history
        ],
    }


def _to_line_view(line: OrderLine) -> OrderLineView:
    return OrderLineView(
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price=line.unit_price,
        line_total=line.total,
    )


def _card_fields(order: OrderSummary) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "status": order.status.value,
        "subtotal": order.subtotal,
        "total": order.total,
        "line_count": order.line_count,
        "placed_at": order.placed_at,
        "rejection": _to_rejection_view(order.rejection),
    }


def _to_rejection_view(rejection: Rejection | None) -> RejectionView | None:
    if rejection is None:
        return None
    return RejectionView(
        reason=rejection.reason,
        message=REJECTION_MESSAGES[rejection.reason],
        skus=rejection.skus,
        detail=rejection.detail,
    )
