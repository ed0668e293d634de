"""Routes, event subscriptions and commands of orders, and their reconciliation."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

from souk.basket.events import BasketCheckedOut
from souk.delivery.events import ParcelDelivered, ShipmentCancelled, ShipmentDispatched
from souk.kernel.clock import now
from souk.kernel.commands import Commands
from souk.kernel.errors import Busy, InvalidQuery, NotFound
from souk.kernel.events import Subscriptions, current_cause
from souk.kernel.ids import id_lower_bound
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.ordering import return_handlers, usecases
from souk.ordering.commands import (
    CheckoutDetails,
    ConfirmOrder,
    OrderOutcome,
    RejectOrder,
    StartCheckout,
    StartRejection,
    StockLine,
)
from souk.ordering.domain import (
    REJECTION_REASONS,
    Order,
    OrderHead,
    OrderLine,
    OrderNotCancellable,
    OrderStatus,
    Parcel,
    Rejection,
    RejectionReason,
    StatusChange,
)
from souk.ordering.figures import count_figures
from souk.ordering.schemas import (
    CancellationRequest,
    DayFiguresView,
    OrderPage,
    OrderView,
    StaffOrderPage,
    StaffOrderView,
    WorkflowView,
    to_day_figures_view,
    to_order_card,
    to_order_view,
    to_staff_order_card,
    to_staff_order_view,
    to_workflow_view,
)
from souk.ordering.store import OrderStore
from souk.ordering.workflow import CheckoutWorkflow
from souk.runtime.routes import Access, Request, Response, Routes

if TYPE_CHECKING:
    from collections.abc import Callable

ROUTES = Routes(return_handlers.ROUTES)
EARLIEST_DAY = date(2020, 1, 1)
"""No order is older."""

RECONCILE_AGE = timedelta(minutes=1)
"""Younger orders are left to the workflow that was just started."""


class OrderingSettings(Settings, frozen=True, kw_only=True):
    table_name: str


@cache
def orders() -> OrderStore:
    return OrderStore(load(OrderingSettings).table_name)


class WorkflowSettings(Settings, frozen=True, kw_only=True):
    checkout_workflow_arn: str


@cache
def workflow() -> CheckoutWorkflow:
    return CheckoutWorkflow(load(WorkflowSettings).checkout_workflow_arn)


@ROUTES.add("GET", "/orders", Access.VISITOR, response=OrderPage, query=("limit", "cursor"))
def list_orders(request: Request) -> OrderPage:
    """List your orders, newest first."""
    page = orders().list_by_owner(
        request.caller.owner, request.limit(), request.query.get("cursor")
    )
    return OrderPage([to_order_card(order) for order in page.orders], page.next)


@ROUTES.add("GET", "/orders/{order_id}", Access.VISITOR, response=OrderView, errors=(NotFound,))
def get_order(request: Request) -> OrderView:
    """Read one of your orders. It appears a moment after checkout; until then it is not found."""
    order = usecases.get_order(
        request.path["order_id"], owner=request.caller.owner, orders=orders()
    )
    return to_order_view(order)


@ROUTES.add(
    "POST",
    "/orders/{order_id}/cancellation",
    Access.VISITOR,
    response=OrderView,
    status=202,
    errors=(NotFound, OrderNotCancellable, Busy),
)
def request_cancellation(request: Request) -> Response:
    """Request cancellation of one of your orders, possible until it is dispatched.

    The order's `cancellation` has the outcome. Repeated, the request takes effect once.
    """
    order_id = request.path["order_id"]
    order = usecases.request_cancellation(order_id, owner=request.caller.owner, orders=orders())
    location = f"{request.caller.prefix}/orders/{order_id}"
    return Response(to_order_view(order), 202, {"Location": location})


@ROUTES.add(
    "GET",
    "/orders",
    Access.STAFF,
    response=StaffOrderPage,
    query=("status", "limit", "cursor"),
)
def list_orders_by_status(request: Request) -> StaffOrderPage:
    """List all orders with a status, newest first. The default status is `confirmed`."""
    status = _status(request)
    page = orders().list_by_status(status, request.limit(), request.query.get("cursor"))
    return StaffOrderPage([to_staff_order_card(order) for order in page.orders], page.next)


@ROUTES.add("GET", "/orders/{order_id}", Access.STAFF, response=StaffOrderView, errors=(NotFound,))
def staff_read_order(request: Request) -> StaffOrderView:
    """Read any order."""
    return to_staff_order_view(orders().get(request.path["order_id"]))


@ROUTES.add(
    "POST",
    "/orders/{order_id}/cancellation",
    Access.STAFF,
    response=StaffOrderView,
    status=202,
    errors=(NotFound, OrderNotCancellable, Busy),
)
def staff_request_cancellation(request: Request, body: CancellationRequest) -> StaffOrderView:
    """Request cancellation of any order, with a reason that the customer reads.

    As for the customer's own request, the order's `cancellation` has the outcome.
    """
    order = usecases.request_cancellation_by_staff(
        request.path["order_id"], body.reason, orders=orders()
    )
    return to_staff_order_view(order)


@ROUTES.add(
    "GET",
    "/orders/{order_id}/workflow",
    Access.STAFF,
    response=WorkflowView,
    errors=(NotFound,),
)
def get_workflow(request: Request) -> WorkflowView:
    """Read the states that an order's checkout workflow entered, and when."""
    order_id = request.path["order_id"]
    steps = usecases.list_workflow_steps(order_id, orders=orders(), workflow=workflow())
    return to_workflow_view(order_id, steps)


@ROUTES.add("GET", "/figures", Access.STAFF, response=DayFiguresView, query=("day",))
def get_figures(request: Request) -> DayFiguresView:
    """Read the figures of the orders placed on one day (UTC). The default is today."""
    day = _day(request)
    return to_day_figures_view(day, count_figures(orders().list_by_day(day)))


def _day(request: Request) -> date:
    today = now().date()
    text = request.query.get("day", today.isoformat())
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidQuery.field("/day", "day must be a date such as 2026-11-29.") from error
    if not EARLIEST_DAY <= day <= today:
        raise InvalidQuery.field("/day", f"day must be between {EARLIEST_DAY} and today, {today}.")
    return day


def _status(request: Request) -> OrderStatus:
    text = request.query.get("status", OrderStatus.CONFIRMED.value)
    try:
        return OrderStatus(text)
    except ValueError as error:
        known = ", ".join(status.value for status in OrderStatus)
        raise InvalidQuery.field("/status", f"status must be one of {known}.") from error


def _place_order(event: BasketCheckedOut) -> None:
    order = Order(
        order_id=event.order_id,
        owner=event.owner,
        contact_id=event.contact_id,
        lines=[
            OrderLine(
                sku=line.sku,
                name=line.name,
                quantity=line.quantity,
                unit_price=line.unit_price,
            )
            for line in event.lines
        ],
        shipping_option=event.shipping_option,
        shipping=event.shipping,
        total=event.total,
        payment_token=event.payment_token,
        correlation_id=current_cause().correlation_id,
        history=[StatusChange(status=OrderStatus.PLACED, at=event.checked_out_at)],
    )
    usecases.place_order(order, orders=orders(), workflow=workflow())


def _mark_dispatched(event: ShipmentDispatched) -> None:
    parcel = Parcel(
        carrier=event.carrier,
        tracking_number=event.tracking_number,
        dispatched_at=event.dispatched_at,
    )
    usecases.mark_dispatched(event.order_id, parcel, orders=orders())


def _mark_cancelled(event: ShipmentCancelled) -> None:
    usecases.mark_cancelled(event.order_id, orders=orders())


def _mark_delivered(event: ParcelDelivered) -> None:
    usecases.mark_delivered(event.order_id, event.delivered_at, orders=orders())


SUBSCRIPTIONS: Subscriptions = {
    BasketCheckedOut: _place_order,
    ShipmentDispatched: _mark_dispatched,
    ShipmentCancelled: _mark_cancelled,
    ParcelDelivered: _mark_delivered,
    **return_handlers.SUBSCRIPTIONS,
}


def _start_checkout(command: StartCheckout) -> CheckoutDetails:
    order = usecases.start_checkout(command.order_id, orders=orders())
    return CheckoutDetails(
        lines=[StockLine(sku=line.sku, quantity=line.quantity) for line in order.lines],
        amount=order.total,
        payment_token=order.payment_token,
    )


def _confirm_order(command: ConfirmOrder) -> OrderOutcome:
    head = usecases.confirm_order(
        command.order_id,
        stock_is_committed=command.hold_status == "committed",
        orders=orders(),
    )
    return _to_outcome(head)


def _start_rejection(command: StartRejection) -> OrderOutcome:
    """An unknown reason is a defect of the shop and must not block the rejection."""
    reason: RejectionReason = (
        command.reason if command.reason in REJECTION_REASONS else "internal-error"
    )
    rejection = Rejection(reason=reason, detail=command.detail, skus=list(command.skus))
    return _to_outcome(usecases.start_rejection(command.order_id, rejection, orders=orders()))


def _reject_order(command: RejectOrder) -> OrderOutcome:
    return _to_outcome(usecases.reject_order(command.order_id, orders=orders()))


def _to_outcome(head: OrderHead) -> OrderOutcome:
    return OrderOutcome(status=head.status.value)  # type: ignore[arg-type]  # no longer placed


COMMANDS: Commands = {
    StartCheckout: _start_checkout,
    ConfirmOrder: _confirm_order,
    StartRejection: _start_rejection,
    RejectOrder: _reject_order,
}


class ReconciliationFailed(Exception):
    """Some open orders could not be checked. All others were."""


def reconcile(*, is_out_of_time: Callable[[], bool]) -> None:
    """Ensure that every open order has a running workflow, until `is_out_of_time`.

    An error in one order does not affect the others. Raises ReconciliationFailed at the end.
    """
    failed = 0
    open_orders = orders().list_open(id_lower_bound(now() - RECONCILE_AGE))
    for order_id in takewhile(lambda _: not is_out_of_time(), open_orders):
        try:
            result = usecases.ensure_checkout_running(
                order_id, orders=orders(), workflow=workflow()
            )
        except Exception:  # noqa: BLE001  reported below
            failed += 1
            logger.exception("open order not checked", order_id=order_id)
        else:
            logger.info("open order checked", order_id=order_id, result=result.value)
    if failed:
        raise ReconciliationFailed(f"{failed} open orders could not be checked; see the log")
