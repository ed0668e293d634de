"""What happens to orders."""

from __future__ import annotations

import pytest

from souk.basket.events import BasketCheckedOut, CheckedOutLine
from souk.kernel.errors import NotFound
from souk.kernel.facts import Cause, caused_by
from souk.ordering import handlers
from souk.ordering.usecases import place_order, read_order
from tests.ordering.builders import ADA, BOB, a_line, an_order, pounds
from tests.ordering.fakes import FakeOrders, FakeRuns


def test_an_order_is_placed_and_said() -> None:
    orders, runs, order = FakeOrders(), FakeRuns(), an_order()

    place_order(order, orders=orders, runs=runs)

    assert runs.over == {(order.order_id, 0): False}
    assert orders.get(order.order_id) == order
    assert orders.said == [order.placed()]


def test_an_order_heard_of_twice_is_placed_once() -> None:
    orders, runs, order = FakeOrders(), FakeRuns(), an_order()

    place_order(order, orders=orders, runs=runs)
    place_order(order, orders=orders, runs=runs)

    assert len(runs.over) == 1
    assert orders.said == [order.placed()]


def test_your_own_order_is_shown_to_you() -> None:
    order = an_order(owner=ADA)

    assert read_order(order.order_id, owner=ADA, orders=FakeOrders(order)) == order


def test_a_strangers_order_cannot_be_told_from_one_that_does_not_exist() -> None:
    order = an_order(owner=ADA)

    with pytest.raises(NotFound) as strangers:
        read_order(order.order_id, owner=BOB, orders=FakeOrders(order))
    with pytest.raises(NotFound) as missing:
        read_order(order.order_id, owner=BOB, orders=FakeOrders())

    assert strangers.value.problem() == missing.value.problem()


def test_a_basket_checked_out_becomes_the_order_that_was_agreed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders = FakeOrders()
    runs = FakeRuns()
    monkeypatch.setattr(handlers, "orders", lambda: orders)
    monkeypatch.setattr(handlers, "runs", lambda: runs)
    order = an_order(a_line("LAMP-1", quantity=2), a_line("RUG-1", quantity=1), owner=BOB)
    fact = BasketCheckedOut(
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

    with caused_by(Cause("journey-1")):
        handlers.HEARS[BasketCheckedOut](fact)

    assert orders.get(order.order_id) == order
