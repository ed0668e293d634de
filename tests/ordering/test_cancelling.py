"""From confirmed to delivered or cancelled, whatever is heard twice, late or out of order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import NotFound
from souk.ordering.domain import NothingToCancel, Rejection, Status
from souk.ordering.events import CancellationRequested, OrderCancelled, OrderCompleted
from souk.ordering.usecases import (
    ask_to_cancel,
    cancel_for_shop,
    confirm_order,
    hear_delivered,
    hear_dispatched,
    hear_shipment_cancelled,
    refuse_order,
    reject_order,
)
from tests.ordering.builders import ADA, BOB, PARCEL, an_order
from tests.ordering.fakes import FakeOrders

WHY = Rejection(reason="out-of-stock")
ARRIVED = "2026-11-26T09:00:00.000Z"

Hear = Callable[[FakeOrders, str], object]


def ask(orders: FakeOrders, order_id: str) -> object:
    return ask_to_cancel(order_id, owner=ADA, orders=orders)


def cancelled(orders: FakeOrders, order_id: str) -> object:
    return hear_shipment_cancelled(order_id, orders=orders)


def dispatched(orders: FakeOrders, order_id: str) -> object:
    return hear_dispatched(order_id, PARCEL, orders=orders)


def delivered(orders: FakeOrders, order_id: str) -> object:
    return hear_delivered(order_id, ARRIVED, orders=orders)


def confirmed() -> tuple[FakeOrders, str]:
    order = an_order()
    orders = FakeOrders(order)
    confirm_order(order.order_id, stock_is_committed=True, orders=orders)
    orders.said.clear()
    return orders, order.order_id


def outcome(orders: FakeOrders, order_id: str) -> str:
    asked = orders.get(order_id).cancellation
    return asked.outcome if asked else "not asked"


def test_a_wish_to_cancel_is_kept_and_said_once_however_often_it_is_asked() -> None:
    orders, order_id = confirmed()

    ask(orders, order_id)
    ask(orders, order_id)

    assert [type(fact) for fact in orders.said] == [CancellationRequested]
    assert outcome(orders, order_id) == "undecided"
    assert orders.get(order_id).status is Status.CONFIRMED


def test_a_wish_that_came_first_cancels_the_order_once() -> None:
    orders, order_id = confirmed()
    ask(orders, order_id)

    cancelled(orders, order_id)
    cancelled(orders, order_id)

    assert orders.get(order_id).status is Status.CANCELLED
    assert outcome(orders, order_id) == "cancelled"
    assert [type(fact) for fact in orders.said] == [CancellationRequested, OrderCancelled]


def test_a_wish_that_lost_the_race_is_told_that_it_was_too_late() -> None:
    orders, order_id = confirmed()
    ask(orders, order_id)

    dispatched(orders, order_id)

    assert outcome(orders, order_id) == "too-late"


@pytest.mark.parametrize("before", [[dispatched], [dispatched, delivered]])
def test_who_asks_after_the_parcel_left_is_told_so_and_nobody_else(before: list[Hear]) -> None:
    orders, order_id = confirmed()
    for hear in before:
        hear(orders, order_id)
    orders.said.clear()

    ask(orders, order_id)

    assert outcome(orders, order_id) == "too-late"
    assert orders.said == []


def test_an_order_can_be_asked_to_be_cancelled_while_it_is_placed_and_rejection_may_win() -> None:
    order = an_order()
    orders = FakeOrders(order)
    ask(orders, order.order_id)
    refuse_order(order.order_id, WHY, orders=orders)
    reject_order(order.order_id, orders=orders)

    assert outcome(orders, order.order_id) == "rejected"
    assert orders.get(order.order_id).status is Status.REJECTED


def test_an_order_asked_to_be_cancelled_while_placed_is_confirmed_before_it_is_cancelled() -> None:
    order = an_order()
    orders = FakeOrders(order)
    ask(orders, order.order_id)
    confirm_order(order.order_id, stock_is_committed=True, orders=orders)
    cancelled(orders, order.order_id)

    assert outcome(orders, order.order_id) == "cancelled"


def test_of_a_rejected_order_nothing_is_left_to_cancel() -> None:
    order = an_order()
    orders = FakeOrders(order)
    refuse_order(order.order_id, WHY, orders=orders)

    with pytest.raises(NothingToCancel):
        ask(orders, order.order_id)


def test_a_stranger_cannot_cancel_and_learns_nothing() -> None:
    orders, order_id = confirmed()

    with pytest.raises(NotFound):
        ask_to_cancel(order_id, owner=BOB, orders=orders)

    assert outcome(orders, order_id) == "not asked"


def test_staff_s_wish_goes_the_way_of_the_customer_s_and_says_whose_it_is() -> None:
    orders, order_id = confirmed()

    cancel_for_shop(order_id, "The lamp arrived broken", orders=orders)
    cancelled(orders, order_id)

    asked, done = orders.said
    assert isinstance(asked, CancellationRequested)
    assert asked.by_staff
    assert isinstance(done, OrderCancelled)
    order = orders.get(order_id)
    assert order.cancellation
    assert (order.status, order.cancellation.reason) == (
        Status.CANCELLED,
        "The lamp arrived broken",
    )


def test_of_two_wishes_the_first_stays_whoever_had_it() -> None:
    theirs, their_id = confirmed()
    ask(theirs, their_id)
    cancel_for_shop(their_id, "We are closing", orders=theirs)
    ours, our_id = confirmed()
    cancel_for_shop(our_id, "We are closing", orders=ours)
    ask(ours, our_id)

    assert theirs.get(their_id).cancel_reason is None
    assert ours.get(our_id).cancel_reason == "We are closing"
    assert [len(orders.said) for orders in (theirs, ours)] == [1, 1]


def test_a_parcel_heard_to_arrive_before_it_left_is_delivered_in_the_end() -> None:
    orders, order_id = confirmed()

    delivered(orders, order_id)
    assert orders.get(order_id).status is Status.CONFIRMED
    dispatched(orders, order_id)

    steps = [(step.status, step.at) for step in orders.get(order_id).history[-2:]]
    assert steps == [
        (Status.DISPATCHED, PARCEL.dispatched_at),
        (Status.DELIVERED, ARRIVED),
    ]
    assert [type(fact) for fact in orders.said] == [OrderCompleted]


@pytest.mark.parametrize(("first", "then"), [(cancelled, dispatched), (dispatched, cancelled)])
def test_what_delivery_can_never_say_is_not_believed(first: Hear, then: Hear) -> None:
    orders, order_id = confirmed()
    first(orders, order_id)
    before = orders.get(order_id)

    with pytest.raises(ValueError, match="not to be"):
        then(orders, order_id)

    assert orders.get(order_id) == before


@given(
    st.lists(st.sampled_from([ask, dispatched, delivered]), max_size=12),
    st.booleans(),
)
def test_a_sent_order_ends_the_same_however_often_and_in_whatever_order_it_is_heard(
    heard: list[Hear], is_asked: bool
) -> None:
    orders, order_id = confirmed()
    for hear in [*heard, *([ask] if is_asked else []), dispatched, delivered]:
        hear(orders, order_id)

    order = orders.get(order_id)
    assert [step.status for step in order.history[1:]] == [
        Status.CONFIRMED,
        Status.DISPATCHED,
        Status.DELIVERED,
    ]
    assert [type(fact) for fact in orders.said].count(OrderCompleted) == 1
    assert [type(fact) for fact in orders.said].count(CancellationRequested) <= 1
    assert outcome(orders, order_id) == ("too-late" if order.cancel_asked_at else "not asked")


@given(st.lists(st.sampled_from([ask, cancelled]), max_size=12))
def test_a_cancelled_order_ends_the_same_however_often_it_is_heard(heard: list[Hear]) -> None:
    orders, order_id = confirmed()
    for hear in [ask, *heard, cancelled]:
        hear(orders, order_id)

    assert orders.get(order_id).status is Status.CANCELLED
    assert [type(fact) for fact in orders.said] == [CancellationRequested, OrderCancelled]
