"""Ordering's routes, what it hears of baskets and parcels, and what its workflow asks it."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

from souk.basket.events import BasketCheckedOut
from souk.delivery.events import ParcelDelivered, ShipmentCancelled, ShipmentDispatched
from souk.edges.routes import Access, Answer, Call, Routes
from souk.kernel.clock import now
from souk.kernel.commands import Does
from souk.kernel.errors import Busy, InvalidQuery, NotFound
from souk.kernel.facts import Hears, current_cause
from souk.kernel.ids import id_before
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.ordering import return_handlers, usecases
from souk.ordering.commands import (
    BeginCheckout,
    Begun,
    ConfirmOrder,
    Item,
    RefuseOrder,
    RejectOrder,
    Stands,
)
from souk.ordering.domain import (
    REASONS,
    Change,
    Line,
    NothingToCancel,
    Order,
    Parcel,
    Reason,
    Rejection,
    Standing,
    Status,
)
from souk.ordering.figures import figures
from souk.ordering.runs import CheckoutRuns
from souk.ordering.store import OrderStore
from souk.ordering.wire import (
    DayView,
    OrderPage,
    OrderView,
    StaffCancellation,
    StaffOrderPage,
    StaffOrderView,
    WorkflowView,
    card,
    day_view,
    staff_card,
    staff_view,
    view,
    workflow_view,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROUTES = Routes(return_handlers.ROUTES)
FIRST_DAY = date(2020, 1, 1)
"""No order is older."""

STILL_AT_WORK = timedelta(minutes=1)
"""A younger order's workflow was only just started."""


class OrderingSettings(Settings, frozen=True, kw_only=True):
    table_name: str


@cache
def orders() -> OrderStore:
    return OrderStore(load(OrderingSettings).table_name)


class WorkflowSettings(Settings, frozen=True, kw_only=True):
    checkout_workflow: str


@cache
def runs() -> CheckoutRuns:
    return CheckoutRuns(load(WorkflowSettings).checkout_workflow)


@ROUTES.add("GET", "/orders", Access.VISITOR, answer=OrderPage, query=("limit", "cursor"))
def list_orders(call: Call) -> OrderPage:
    """List your own orders, newest first."""
    page = orders().page(call.visitor.owner, call.limit(), call.query.get("cursor"))
    return OrderPage([card(order) for order in page.orders], page.next)


@ROUTES.add("GET", "/orders/{order_id}", Access.VISITOR, answer=OrderView, refusals=(NotFound,))
def read_order(call: Call) -> OrderView:
    """Read one of your orders; right after checkout it may not be there yet: ask again."""
    order = usecases.read_order(call.path["order_id"], owner=call.visitor.owner, orders=orders())
    return view(order)


@ROUTES.add(
    "POST",
    "/orders/{order_id}/cancellation",
    Access.VISITOR,
    answer=OrderView,
    status=202,
    refusals=(NotFound, NothingToCancel, Busy),
)
def cancel_order(call: Call) -> Answer:
    """Ask to cancel one of your orders; it is granted as long as its parcel has not left.

    The order's `cancellation` tells what became of it. Asked twice is asked once.
    """
    order_id = call.path["order_id"]
    order = usecases.ask_to_cancel(order_id, owner=call.visitor.owner, orders=orders())
    location = f"{call.visitor.prefix}/orders/{order_id}"
    return Answer(view(order), 202, {"Location": location})


@ROUTES.add(
    "GET",
    "/orders",
    Access.STAFF,
    answer=StaffOrderPage,
    query=("status", "limit", "cursor"),
)
def list_orders_by_status(call: Call) -> StaffOrderPage:
    """List all orders that stand so, newest first; without a status, the confirmed ones."""
    status = _status(call)
    page = orders().page_of(status, call.limit(), call.query.get("cursor"))
    return StaffOrderPage([staff_card(order) for order in page.orders], page.next)


@ROUTES.add("GET", "/orders/{order_id}", Access.STAFF, answer=StaffOrderView, refusals=(NotFound,))
def read_any_order(call: Call) -> StaffOrderView:
    """Read anybody's order."""
    return staff_view(orders().get(call.path["order_id"]))


@ROUTES.add(
    "POST",
    "/orders/{order_id}/cancel",
    Access.STAFF,
    answer=StaffOrderView,
    status=202,
    refusals=(NotFound, NothingToCancel, Busy),
)
def cancel_any_order(call: Call, body: StaffCancellation) -> StaffOrderView:
    """Ask to cancel anybody's order, with the reason its customer reads.

    It is granted as its customer's own wish is, and told by the order's `cancellation`.
    """
    order_id = call.path["order_id"]
    return staff_view(usecases.cancel_for_shop(order_id, body.reason, orders=orders()))


@ROUTES.add(
    "GET",
    "/orders/{order_id}/workflow",
    Access.STAFF,
    answer=WorkflowView,
    refusals=(NotFound,),
)
def read_workflow(call: Call) -> WorkflowView:
    """Read which states an order's checkout workflow came to, and when."""
    order_id = call.path["order_id"]
    return workflow_view(order_id, usecases.read_workflow(order_id, orders=orders(), runs=runs()))


@ROUTES.add("GET", "/figures", Access.STAFF, answer=DayView, query=("day",))
def read_day(call: Call) -> DayView:
    """Read what the orders of one day come to, as they stand now; without a day, today's."""
    day = _day(call)
    return day_view(day, figures(orders().of_day(day)))


def _day(call: Call) -> date:
    today = now().date()
    text = call.query.get("day", today.isoformat())
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidQuery.field("/day", "a day is written as 2026-11-29") from error
    if not FIRST_DAY <= day <= today:
        raise InvalidQuery.field("/day", f"there are days from {FIRST_DAY} to today, {today}")
    return day


def _status(call: Call) -> Status:
    text = call.query.get("status", Status.CONFIRMED.value)
    try:
        return Status(text)
    except ValueError as error:
        known = ", ".join(status.value for status in Status)
        raise InvalidQuery.field("/status", f"an order's status is one of {known}") from error


def _place(fact: BasketCheckedOut) -> None:
    order = Order(
        order_id=fact.order_id,
        owner=fact.owner,
        contact_id=fact.contact_id,
        lines=[
            Line(
                sku=line.sku,
                name=line.name,
                quantity=line.quantity,
                unit_price=line.unit_price,
            )
            for line in fact.lines
        ],
        shipping_option=fact.shipping_option,
        shipping=fact.shipping,
        total=fact.total,
        payment_token=fact.payment_token,
        journey=current_cause().correlation_id,
        history=[Change(status=Status.PLACED, at=fact.checked_out_at)],
    )
    usecases.place_order(order, orders=orders(), runs=runs())


def _note_dispatched(fact: ShipmentDispatched) -> None:
    parcel = Parcel(
        carrier=fact.carrier,
        tracking_number=fact.tracking_number,
        dispatched_at=fact.dispatched_at,
    )
    usecases.hear_dispatched(fact.order_id, parcel, orders=orders())


def _note_cancelled(fact: ShipmentCancelled) -> None:
    usecases.hear_shipment_cancelled(fact.order_id, orders=orders())


def _note_delivered(fact: ParcelDelivered) -> None:
    usecases.hear_delivered(fact.order_id, fact.delivered_at, orders=orders())


HEARS: Hears = {
    BasketCheckedOut: _place,
    ShipmentDispatched: _note_dispatched,
    ShipmentCancelled: _note_cancelled,
    ParcelDelivered: _note_delivered,
    **return_handlers.HEARS,
}


def _begin(wish: BeginCheckout) -> Begun:
    order = usecases.begin_checkout(wish.order_id, orders=orders())
    lines = [Item(sku=line.sku, quantity=line.quantity) for line in order.lines]
    return Begun(lines=lines, amount=order.total, payment_token=order.payment_token)


def _confirm(wish: ConfirmOrder) -> Stands:
    committed = wish.stock == "committed"
    return _stands(
        usecases.confirm_order(wish.order_id, stock_is_committed=committed, orders=orders())
    )


def _refuse(wish: RefuseOrder) -> Stands:
    """A reason this room has no words for is a mistake of ours, and no reason to keep undoing."""
    reason: Reason = wish.reason if wish.reason in REASONS else "not-possible"
    rejection = Rejection(reason=reason, detail=wish.detail, skus=list(wish.skus))
    return _stands(usecases.refuse_order(wish.order_id, rejection, orders=orders()))


def _reject(wish: RejectOrder) -> Stands:
    return _stands(usecases.reject_order(wish.order_id, orders=orders()))


def _stands(standing: Standing) -> Stands:
    return Stands(status=standing.status.value)  # type: ignore[arg-type]  # never placed any more


DOES: Does = {
    BeginCheckout: _begin,
    ConfirmOrder: _confirm,
    RefuseOrder: _refuse,
    RejectOrder: _reject,
}


class NotRevived(Exception):
    """Of some orders it could not be seen to; the others were."""


def reconcile(*, enough: Callable[[], bool]) -> None:
    """See that every order left undecided has a workflow at work, until it is enough for now.

    One that cannot be seen to keeps none of the others waiting. Raises NotRevived afterwards.
    """
    failed = 0
    left = orders().left_open(id_before(now() - STILL_AT_WORK))
    for order_id in takewhile(lambda _: not enough(), left):
        try:
            done = usecases.revive(order_id, orders=orders(), runs=runs())
        except Exception:  # noqa: BLE001  whatever it is, it is told below
            failed += 1
            logger.exception("order left open", order_id=order_id)
        else:
            logger.info("order left open", order_id=order_id, workflow=done)
    if failed:
        raise NotRevived(f"{failed} orders could not be seen to; the log names them")
