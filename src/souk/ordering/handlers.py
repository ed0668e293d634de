"""Ordering's routes, what it hears from baskets, and its steps of the checkout workflow."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

from souk.basket.events import BasketCheckedOut
from souk.edges.routes import Access, Call, Routes
from souk.kernel.clock import now, stamp
from souk.kernel.commands import Does
from souk.kernel.errors import NotFound
from souk.kernel.facts import Hears, current_cause
from souk.kernel.settings import Settings, load
from souk.ordering import usecases
from souk.ordering.commands import (
    BeginCheckout,
    Begun,
    ConfirmOrder,
    RefuseOrder,
    RejectOrder,
    Standing,
)
from souk.ordering.domain import Change, Line, Order, Rejection, Status
from souk.ordering.executions import Executions
from souk.ordering.store import OrderStore
from souk.ordering.wire import OrderPage, OrderView, begun, card, view

if TYPE_CHECKING:
    from collections.abc import Callable

ROUTES = Routes()

PATIENCE = timedelta(minutes=1)
"""A workflow at rest needs a second; one not begun or broken after this is looked after."""


class OrderingSettings(Settings, frozen=True, kw_only=True):
    table_name: str


@cache
def orders() -> OrderStore:
    return OrderStore(load(OrderingSettings).table_name)


class CheckoutSettings(Settings, frozen=True, kw_only=True):
    checkout_arn: str


@cache
def checkouts() -> Executions:
    return Executions(load(CheckoutSettings).checkout_arn)


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
        history=[Change(status=Status.PLACED, at=fact.checked_out_at)],
    )
    usecases.place_order(
        order, orders=orders(), checkouts=checkouts(), journey=current_cause().correlation_id
    )


HEARS: Hears = {BasketCheckedOut: _place}


def _begin(wish: BeginCheckout) -> Begun:
    return begun(orders().get(wish.order_id))


def _confirm(wish: ConfirmOrder) -> Standing:
    status = usecases.confirm_order(wish.order_id, at=stamp(now()), orders=orders())
    return Standing(status=status.value)


def _refuse(wish: RefuseOrder) -> Standing:
    why = Rejection(reason=wish.reason, detail=wish.detail, skus=wish.skus)
    status = usecases.refuse_order(wish.order_id, why, at=stamp(now()), orders=orders())
    return Standing(status=status.value)


def _reject(wish: RejectOrder) -> Standing:
    status = usecases.reject_order(wish.order_id, at=stamp(now()), orders=orders())
    return Standing(status=status.value)


DOES: Does = {
    BeginCheckout: _begin,
    ConfirmOrder: _confirm,
    RefuseOrder: _refuse,
    RejectOrder: _reject,
}


def reconcile(*, enough: Callable[[], bool]) -> int:
    """See orders through that should be concluded by now, until it is enough for this time.

    Answers how many were begun anew.
    """
    overdue = orders().open_orders(stamp(now() - PATIENCE))
    in_time = takewhile(lambda _: not enough(), overdue)
    return usecases.see_through(in_time, orders=orders(), checkouts=checkouts())
