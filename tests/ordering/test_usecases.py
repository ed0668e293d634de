"""Orders are placed once and shown to their owner only."""

from __future__ import annotations

import pytest

from souk.basket.events import BasketCheckedOut
from souk.basket.events import OrderLine as CheckedOutLine
from souk.kernel.errors import NotFound
from souk.kernel.events import Cause, caused_by
from souk.ordering import handlers
from souk.ordering.domain import ExecutionState
from souk.ordering.usecases import get_order, place_order
from tests.ordering.builders import ADA, BOB, a_line, an_order, pounds
from tests.ordering.fakes import FakeOrders, FakeWorkflow


def test_a_placed_order_is_stored_and_published_and_its_workflow_started() -> None:
    orders, workflow, order = FakeOrders(), FakeWorkflow(), an_order()

    place_order(order, orders=orders, workflow=workflow)

    assert workflow.executions == {(order.order_id, 0): ExecutionState.RUNNING}
    assert orders.get(order.order_id) == order
    assert orders.published == [order.placed_event()]


def test_an_order_placed_twice_is_one_order_with_one_workflow() -> None:
    orders, workflow, order = FakeOrders(), FakeWorkflow(), an_order()

    place_order(order, orders=orders, workflow=workflow)
    place_order(order, orders=orders, workflow=workflow)

    assert len(workflow.executions) == 1
    assert orders.published == [order.placed_event()]


def test_an_order_is_shown_to_its_owner() -> None:
    order = an_order(owner=ADA)

    assert get_order(order.order_id, owner=ADA, orders=FakeOrders(order)) == order


def test_another_owners_order_looks_like_an_unknown_order() -> None:
    order = an_order(owner=ADA)

    with pytest.raises(NotFound) as of_another_owner:
        get_order(order.order_id, owner=BOB, orders=FakeOrders(order))
    with pytest.raises(NotFound) as unknown:
        get_order(order.order_id, owner=BOB, orders=FakeOrders())

    assert of_another_owner.value.problem() == unknown.value.problem()


def test_a_checked_out_basket_becomes_the_agreed_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders = FakeOrders()
    workflow = FakeWorkflow()
    monkeypatch.setattr(handlers, "orders", lambda: orders)
    monkeypatch.setattr(handlers, "workflow", lambda: workflow)
    order = an_order(a_line("LAMP-1", quantity=2), a_line("RUG-1", quantity=1), owner=BOB)
    event = BasketCheckedOut(
        order_id=order.order_id,
        owner=BOB,
        contact_id="contact-1",
        lines=[
            CheckedOutLine(
                sku=line.sku, name=line.name, quantity=line.quantity, unit_price=line.unit_price
            )
            for line in order.lines
        ],
        shipping_option="standard",
        shipping=pounds(495),
        total=order.total,
        payment_token="tok_visa",
        checked_out_at=order.placed_at,
    )

    with caused_by(Cause("correlation-1")):
        handlers.SUBSCRIPTIONS[BasketCheckedOut](event)

    assert orders.get(order.order_id) == order
