"""Request and response bodies of ordering's routes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec.structs import asdict

from souk.kernel.money import Money
from souk.kernel.patterns import ONE_LINE
from souk.ordering.domain import SENTENCES, Entered, Line, Order, Rejection, Summary
from souk.ordering.figures import Figures


class StaffCancellation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the shop cancels an order; its customer reads it."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    name: str
    quantity: int
    unit_price: Money
    line_total: Money


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    at: str


class RejectionView(msgspec.Struct, frozen=True, kw_only=True):
    """Why the order was rejected: a slug, a sentence, what is short, what the bank says."""

    reason: str
    says: str
    skus: list[str]
    detail: str | None


class CancellationView(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to cancel: `undecided`, `cancelled`, `too-late`, or the order was `rejected`.

    `reason` is why the shop wishes it; null if its customer does.
    """

    asked_at: str
    reason: str | None
    outcome: str


class ParcelView(msgspec.Struct, frozen=True, kw_only=True):
    carrier: str
    tracking_number: str
    dispatched_at: str


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    order_id: str
    status: str
    lines: list[OrderLine]
    subtotal: Money
    shipping_option: str
    shipping: Money
    total: Money
    placed_at: str
    rejection: RejectionView | None
    cancellation: CancellationView | None
    parcel: ParcelView | None
    history: list[ChangeView]


class StaffOrderView(OrderView, frozen=True, kw_only=True):
    """Whose order it is; neither tells who that is."""

    owner: str
    contact_id: str


class OrderCard(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list: all but its lines and history."""

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
    """`next` is the cursor of the page that follows, null on the last."""

    items: list[StaffOrderCard]
    next: str | None


class OrderPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the page that follows, null on the last."""

    items: list[OrderCard]
    next: str | None


class DayView(Figures, frozen=True, kw_only=True):
    """A day (UTC) of orders, counted by how they stand now and by why they were rejected."""

    day: str


class EnteredView(msgspec.Struct, frozen=True, kw_only=True):
    state: str
    at: str


class WorkflowView(msgspec.Struct, frozen=True, kw_only=True):
    """The states an order's checkout workflow came to, one after the other; AWS forgets them
    after 90 days."""

    order_id: str
    items: list[EnteredView]


def view(order: Order) -> OrderView:
    return OrderView(**_fields(order))


def staff_view(order: Order) -> StaffOrderView:
    return StaffOrderView(**_fields(order), owner=order.owner, contact_id=order.contact_id)


def card(order: Summary) -> OrderCard:
    return OrderCard(**_on_card(order))


def staff_card(order: Summary) -> StaffOrderCard:
    return StaffOrderCard(**_on_card(order), owner=order.owner)


def day_view(day: date, counted: Figures) -> DayView:
    return DayView(day=day.isoformat(), **asdict(counted))


def workflow_view(order_id: str, states: list[Entered]) -> WorkflowView:
    items = [EnteredView(state=each.state, at=each.at) for each in states]
    return WorkflowView(order_id=order_id, items=items)


def _fields(order: Order) -> dict[str, Any]:
    asked, parcel = order.cancellation, order.parcel
    return {
        "order_id": order.order_id,
        "status": order.status.value,
        "lines": [_line(line) for line in order.lines],
        "subtotal": order.subtotal,
        "shipping_option": order.shipping_option,
        "shipping": order.shipping,
        "total": order.total,
        "placed_at": order.placed_at,
        "rejection": _rejection(order.rejection),
        "cancellation": CancellationView(**asdict(asked)) if asked else None,
        "parcel": ParcelView(**asdict(parcel)) if parcel else None,
        "history": [ChangeView(status=step.status.value, at=step.at) for step in order.history],
    }


def _line(line: Line) -> OrderLine:
    return OrderLine(
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price=line.unit_price,
        line_total=line.total,
    )


def _on_card(order: Summary) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "status": order.status.value,
        "subtotal": order.subtotal,
        "total": order.total,
        "line_count": order.line_count,
        "placed_at": order.placed_at,
        "rejection": _rejection(order.rejection),
    }


def _rejection(rejection: Rejection | None) -> RejectionView | None:
    if rejection is None:
        return None
    return RejectionView(
        reason=rejection.reason,
        says=SENTENCES[rejection.reason],
        skus=rejection.skus,
        detail=rejection.detail,
    )
