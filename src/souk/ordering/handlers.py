"""Ordering's routes, and what it hears from baskets."""

from __future__ import annotations

from functools import cache

from souk.basket.events import BasketCheckedOut
from souk.edges.routes import Access, Call, Routes
from souk.kernel.errors import NotFound
from souk.kernel.facts import Hears
from souk.kernel.settings import Settings, load
from souk.ordering import usecases
from souk.ordering.domain import Change, Line, Order, Status
from souk.ordering.store import OrderStore
from souk.ordering.wire import OrderPage, OrderView, card, view

ROUTES = Routes()


class OrderingSettings(Settings, frozen=True, kw_only=True):
    table_name: str


@cache
def orders() -> OrderStore:
    return OrderStore(load(OrderingSettings).table_name)


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
    usecases.place_order(order, orders=orders())


HEARS: Hears = {BasketCheckedOut: _place}
