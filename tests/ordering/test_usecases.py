"""What happens to orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.basket.events import BasketCheckedOut, CheckedOutLine
from souk.kernel.errors import NotFound
from souk.kernel.facts import Cause, caused_by
from souk.ordering import handlers
from souk.ordering.domain import Rejection, Status, Unconcluded, WrongState
from souk.ordering.usecases import (
    confirm_order,
    place_order,
    read_order,
    refuse_order,
    reject_order,
    see_through,
)
from tests.ordering.builders import ADA, BOB, a_line, an_order, pounds
from tests.ordering.fakes import JOURNEY, FakeCheckouts, FakeOrders

if TYPE_CHECKING:
    from souk.kernel.facts import Fact
    from souk.ordering.domain import Head


def test_an_order_is_placed_and_said_and_its_checkout_begun() -> None:
    orders, checkouts, order = FakeOrders(), FakeCheckouts(), an_order()

    place_order(order, orders=orders, checkouts=checkouts, journey=JOURNEY)

    assert orders.get(order.order_id) == order
    assert orders.said == [order.placed()]
    assert checkouts.started == [Unconcluded(order.order_id, 1, JOURNEY)]


def test_an_order_heard_of_twice_is_placed_once() -> None:
    orders, checkouts, order = FakeOrders(), FakeCheckouts(), an_order()

    for _ in range(2):
        place_order(order, orders=orders, checkouts=checkouts, journey=JOURNEY)

    assert orders.said == [order.placed()]
    assert checkouts.started == [Unconcluded(order.order_id, 1, JOURNEY)]


def test_an_order_placed_by_one_who_died_is_begun_by_the_next() -> None:
    order = an_order()
    orders, checkouts = FakeOrders(order), FakeCheckouts()

    place_order(order, orders=orders, checkouts=checkouts, journey=JOURNEY)

    assert checkouts.started == [Unconcluded(order.order_id, 1, JOURNEY)]


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
    orders, checkouts = FakeOrders(), FakeCheckouts()
    monkeypatch.setattr(handlers, "orders", lambda: orders)
    monkeypatch.setattr(handlers, "checkouts", lambda: checkouts)
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

    with caused_by(Cause(JOURNEY)):
        handlers.HEARS[BasketCheckedOut](fact)

    assert orders.get(order.order_id) == order
    assert checkouts.started == [Unconcluded(order.order_id, 1, JOURNEY)]


SOLD_OUT = Rejection(reason="out-of-stock", skus=["LAMP-1"])


def kinds(orders: FakeOrders) -> list[str]:
    return [type(fact).__name__ for fact in orders.said]


def test_a_placed_order_is_confirmed_once_and_said_once() -> None:
    order = an_order()
    orders = FakeOrders(order)

    answers = [confirm_order(order.order_id, at="2026-11-24", orders=orders) for _ in range(2)]

    assert answers == [Status.CONFIRMED, Status.CONFIRMED]
    assert kinds(orders) == ["OrderConfirmed"]
    assert [step.at for step in orders.get(order.order_id).history] == [
        order.placed_at,
        "2026-11-24",
    ]


def test_an_order_is_refused_silently_then_rejected_and_said_once() -> None:
    order = an_order()
    orders = FakeOrders(order)

    refused = [refuse_order(order.order_id, SOLD_OUT, at="1", orders=orders) for _ in range(2)]
    assert kinds(orders) == []
    rejected = [reject_order(order.order_id, at="2", orders=orders) for _ in range(2)]

    assert refused == [Status.REJECTING] * 2
    assert rejected == [Status.REJECTED] * 2
    assert kinds(orders) == ["OrderRejected"]
    assert orders.get(order.order_id).rejection == SOLD_OUT


def test_a_confirmed_order_is_not_refused_any_more() -> None:
    order = an_order()
    orders = FakeOrders(order)
    confirm_order(order.order_id, at="1", orders=orders)

    answer = refuse_order(order.order_id, SOLD_OUT, at="2", orders=orders)

    assert answer is orders.get(order.order_id).status is Status.CONFIRMED


def test_a_refused_order_is_not_confirmed_any_more() -> None:
    order = an_order()
    orders = FakeOrders(order)
    refuse_order(order.order_id, SOLD_OUT, at="1", orders=orders)

    answer = confirm_order(order.order_id, at="2", orders=orders)

    assert answer is orders.get(order.order_id).status is Status.REJECTING
    assert kinds(orders) == []


def test_nothing_is_rejected_that_was_not_refused() -> None:
    order = an_order()

    with pytest.raises(WrongState):
        reject_order(order.order_id, at="1", orders=FakeOrders(order))


class Overtaken(FakeOrders):
    """Somebody else refuses the order between our look and our write."""

    def save(self, changed: Head, *facts: Fact) -> None:
        if changed.status is Status.CONFIRMED:
            super().save(self.get(changed.order_id).refuse(SOLD_OUT, "0"))
        super().save(changed, *facts)


def test_who_is_overtaken_hears_how_the_order_stands() -> None:
    order = an_order()
    orders = Overtaken(order)

    assert confirm_order(order.order_id, at="1", orders=orders) is Status.REJECTING
    assert kinds(orders) == []


def overdue(orders: FakeOrders) -> list[Unconcluded]:
    return orders.open_orders("9999")


def test_an_order_whose_checkout_was_lost_is_begun_under_its_first_name() -> None:
    order = an_order()
    orders, checkouts = FakeOrders(order), FakeCheckouts()

    for _ in range(2):
        see_through(overdue(orders), orders=orders, checkouts=checkouts)

    assert checkouts.started == [Unconcluded(order.order_id, 1, JOURNEY)]


def test_an_order_whose_checkout_failed_is_begun_anew_once() -> None:
    order = an_order()
    orders = FakeOrders(order)
    checkouts = FakeCheckouts(*overdue(orders))

    begun = [see_through(overdue(orders), orders=orders, checkouts=checkouts) for _ in range(2)]

    assert begun == [1, 0]
    assert checkouts.started == [Unconcluded(order.order_id, 2, JOURNEY)]


def test_two_who_look_at_once_begin_an_order_once() -> None:
    orders = FakeOrders(an_order())
    seen = overdue(orders)
    checkouts = FakeCheckouts(*seen)

    begun = [see_through(seen, orders=orders, checkouts=checkouts) for _ in range(2)]

    assert begun == [1, 0]
    assert len(checkouts.started) == 1


def test_an_order_concluded_meanwhile_is_not_begun_anew() -> None:
    order = an_order()
    orders = FakeOrders(order)
    seen = overdue(orders)
    checkouts = FakeCheckouts(*seen)
    confirm_order(order.order_id, at="1", orders=orders)

    assert see_through(seen, orders=orders, checkouts=checkouts) == 0
    assert checkouts.started == []


def test_looking_after_orders_ends_when_it_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    orders, checkouts = FakeOrders(an_order(), an_order()), FakeCheckouts()
    monkeypatch.setattr(handlers, "orders", lambda: orders)
    monkeypatch.setattr(handlers, "checkouts", lambda: checkouts)
    looks = iter([False, True])

    handlers.reconcile(enough=lambda: next(looks))

    assert len(checkouts.started) == 1
