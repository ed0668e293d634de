"""From confirmed to delivered or cancelled, with duplicate, late and reordered events."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import NotFound
from souk.ordering.domain import OrderNotCancellable, OrderStatus, Rejection
from souk.ordering.events import CancellationRequested, OrderCancelled, OrderCompleted
from souk.ordering.usecases import (
    confirm_order,
    mark_cancelled,
    mark_delivered,
    mark_dispatched,
    reject_order,
    request_cancellation,
    request_cancellation_by_staff,
    start_rejection,
)
from tests.ordering.builders import ADA, BOB, PARCEL, an_order
from tests.ordering.fakes import FakeOrders

OUT_OF_STOCK = Rejection(reason="out-of-stock")
DELIVERED_AT = "2026-11-26T09:00:00.000Z"

Action = Callable[[FakeOrders, str], object]


def customer_cancels(orders: FakeOrders, order_id: str) -> object:
    return request_cancellation(order_id, owner=ADA, orders=orders)


def shipment_cancelled(orders: FakeOrders, order_id: str) -> object:
    return mark_cancelled(order_id, orders=orders)


def shipment_dispatched(orders: FakeOrders, order_id: str) -> object:
    return mark_dispatched(order_id, PARCEL, orders=orders)


def parcel_delivered(orders: FakeOrders, order_id: str) -> object:
    return mark_delivered(order_id, DELIVERED_AT, orders=orders)


def a_confirmed_order() -> tuple[FakeOrders, str]:
    order = an_order()
    orders = FakeOrders(order)
    confirm_order(order.order_id, stock_is_committed=True, orders=orders)
    orders.published.clear()
    return orders, order.order_id


def outcome(orders: FakeOrders, order_id: str) -> str:
    cancellation = orders.get(order_id).cancellation
    return cancellation.outcome if cancellation else "not requested"


def test_a_repeated_cancellation_request_is_recorded_and_published_once() -> None:
    orders, order_id = a_confirmed_order()

    customer_cancels(orders, order_id)
    customer_cancels(orders, order_id)

    assert [type(event) for event in orders.published] == [CancellationRequested]
    assert outcome(orders, order_id) == "undecided"
    assert orders.get(order_id).status is OrderStatus.CONFIRMED


def test_a_request_that_came_before_the_dispatch_cancels_the_order_once() -> None:
    orders, order_id = a_confirmed_order()
    customer_cancels(orders, order_id)

    shipment_cancelled(orders, order_id)
    shipment_cancelled(orders, order_id)

    assert orders.get(order_id).status is OrderStatus.CANCELLED
    assert outcome(orders, order_id) == "cancelled"
    assert [type(event) for event in orders.published] == [CancellationRequested, OrderCancelled]


def test_a_request_that_the_dispatch_overtakes_is_too_late() -> None:
    orders, order_id = a_confirmed_order()
    customer_cancels(orders, order_id)

    shipment_dispatched(orders, order_id)

    assert outcome(orders, order_id) == "too-late"


@pytest.mark.parametrize("before", [[shipment_dispatched], [shipment_dispatched, parcel_delivered]])
def test_a_request_after_the_dispatch_is_too_late_and_not_published(before: list[Action]) -> None:
    orders, order_id = a_confirmed_order()
    for action in before:
        action(orders, order_id)
    orders.published.clear()

    customer_cancels(orders, order_id)

    assert outcome(orders, order_id) == "too-late"
    assert orders.published == []


def test_a_placed_order_can_be_cancelled_and_may_still_be_rejected() -> None:
    order = an_order()
    orders = FakeOrders(order)
    customer_cancels(orders, order.order_id)
    start_rejection(order.order_id, OUT_OF_STOCK, orders=orders)
    reject_order(order.order_id, orders=orders)

    assert outcome(orders, order.order_id) == "rejected"
    assert orders.get(order.order_id).status is OrderStatus.REJECTED


def test_a_cancellation_requested_while_placed_takes_effect_after_the_confirmation() -> None:
    order = an_order()
    orders = FakeOrders(order)
    customer_cancels(orders, order.order_id)
    confirm_order(order.order_id, stock_is_committed=True, orders=orders)
    shipment_cancelled(orders, order.order_id)

    assert outcome(orders, order.order_id) == "cancelled"


def test_a_rejected_order_cannot_be_cancelled() -> None:
    order = an_order()
    orders = FakeOrders(order)
    start_rejection(order.order_id, OUT_OF_STOCK, orders=orders)

    with pytest.raises(OrderNotCancellable):
        customer_cancels(orders, order.order_id)


def test_another_owners_order_cannot_be_cancelled_and_looks_unknown() -> None:
    orders, order_id = a_confirmed_order()

    with pytest.raises(NotFound):
        request_cancellation(order_id, owner=BOB, orders=orders)

    assert outcome(orders, order_id) == "not requested"


def test_staff_cancel_the_way_customers_do_and_the_event_tells_them_apart() -> None:
    orders, order_id = a_confirmed_order()

    request_cancellation_by_staff(order_id, "The lamp arrived broken", orders=orders)
    shipment_cancelled(orders, order_id)

    requested, cancelled = orders.published
    assert isinstance(requested, CancellationRequested)
    assert requested.by_staff
    assert isinstance(cancelled, OrderCancelled)
    order = orders.get(order_id)
    assert order.cancellation
    assert (order.status, order.cancellation.reason) == (
        OrderStatus.CANCELLED,
        "The lamp arrived broken",
    )


def test_the_first_of_two_cancellation_requests_stays() -> None:
    by_customer, customers_id = a_confirmed_order()
    customer_cancels(by_customer, customers_id)
    request_cancellation_by_staff(customers_id, "We are closing", orders=by_customer)
    by_staff, staffs_id = a_confirmed_order()
    request_cancellation_by_staff(staffs_id, "We are closing", orders=by_staff)
    customer_cancels(by_staff, staffs_id)

    assert by_customer.get(customers_id).cancellation_reason is None
    assert by_staff.get(staffs_id).cancellation_reason == "We are closing"
    assert [len(orders.published) for orders in (by_customer, by_staff)] == [1, 1]


def test_a_delivery_reported_before_the_dispatch_takes_effect_with_the_dispatch() -> None:
    orders, order_id = a_confirmed_order()

    parcel_delivered(orders, order_id)
    assert orders.get(order_id).status is OrderStatus.CONFIRMED
    shipment_dispatched(orders, order_id)

    changes = [(change.status, change.at) for change in orders.get(order_id).history[-2:]]
    assert changes == [
        (OrderStatus.DISPATCHED, PARCEL.dispatched_at),
        (OrderStatus.DELIVERED, DELIVERED_AT),
    ]
    assert [type(event) for event in orders.published] == [OrderCompleted]


@pytest.mark.parametrize(
    ("first", "then"),
    [(shipment_cancelled, shipment_dispatched), (shipment_dispatched, shipment_cancelled)],
)
def test_an_order_is_never_both_dispatched_and_cancelled(first: Action, then: Action) -> None:
    orders, order_id = a_confirmed_order()
    first(orders, order_id)
    before = orders.get(order_id)

    with pytest.raises(ValueError, match="cannot become"):
        then(orders, order_id)

    assert orders.get(order_id) == before


@given(
    st.lists(
        st.sampled_from([customer_cancels, shipment_dispatched, parcel_delivered]), max_size=12
    ),
    st.booleans(),
)
def test_a_dispatched_order_ends_the_same_with_duplicate_and_reordered_events(
    actions: list[Action], cancels_last: bool
) -> None:
    orders, order_id = a_confirmed_order()
    last = [customer_cancels] if cancels_last else []
    for action in [*actions, *last, shipment_dispatched, parcel_delivered]:
        action(orders, order_id)

    order = orders.get(order_id)
    assert [change.status for change in order.history[1:]] == [
        OrderStatus.CONFIRMED,
        OrderStatus.DISPATCHED,
        OrderStatus.DELIVERED,
    ]
    assert [type(event) for event in orders.published].count(OrderCompleted) == 1
    assert [type(event) for event in orders.published].count(CancellationRequested) <= 1
    expected = "too-late" if order.cancellation_requested_at else "not requested"
    assert outcome(orders, order_id) == expected


@given(st.lists(st.sampled_from([customer_cancels, shipment_cancelled]), max_size=12))
def test_a_cancelled_order_ends_the_same_with_duplicate_events(actions: list[Action]) -> None:
    orders, order_id = a_confirmed_order()
    for action in [customer_cancels, *actions, shipment_cancelled]:
        action(orders, order_id)

    assert orders.get(order_id).status is OrderStatus.CANCELLED
    assert [type(event) for event in orders.published] == [CancellationRequested, OrderCancelled]
