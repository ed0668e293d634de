"""The states of an order: one table, kept by the domain, drawn in the docs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.ordering.domain import (
    CHANGES,
    Change,
    OrderDecided,
    OrderRefused,
    Rejection,
    Standing,
    Status,
    StockLapsed,
)
from souk.ordering.usecases import (
    begin_checkout,
    confirm_order,
    refuse_order,
    reject_order,
    revive,
)
from tests.ordering.builders import an_order
from tests.ordering.fakes import FakeOrders, FakeRuns

WHY = Rejection(reason="out-of-stock", skus=["LAMP-1"])


def confirm(orders: FakeOrders, order_id: str) -> Standing:
    return confirm_order(order_id, stock_is_committed=True, orders=orders)


def refuse(orders: FakeOrders, order_id: str) -> Standing:
    return refuse_order(order_id, WHY, orders=orders)


def reject(orders: FakeOrders, order_id: str) -> Standing:
    return reject_order(order_id, orders=orders)


def test_a_placed_order_is_confirmed_once_however_often_it_is_asked() -> None:
    order = an_order()
    orders = FakeOrders(order)

    first, second = confirm(orders, order.order_id), confirm(orders, order.order_id)

    assert first == second
    assert first.status is Status.CONFIRMED
    assert [type(fact).__name__ for fact in orders.said] == ["OrderConfirmed"]


def test_a_refused_order_is_undone_and_then_rejected_with_its_first_reason() -> None:
    order = an_order()
    orders = FakeOrders(order)

    refuse(orders, order.order_id)
    refuse_order(order.order_id, Rejection(reason="not-possible"), orders=orders)
    standing = reject(orders, order.order_id)
    reject(orders, order.order_id)

    assert standing.status is Status.REJECTED
    assert standing.rejection == WHY
    assert [type(fact).__name__ for fact in orders.said] == ["OrderRejected"]


def test_nothing_is_undone_once_an_order_is_confirmed() -> None:
    order = an_order()
    orders = FakeOrders(order)
    confirm(orders, order.order_id)

    assert refuse(orders, order.order_id).status is Status.CONFIRMED
    with pytest.raises(ValueError, match="not to be rejected"):
        reject(orders, order.order_id)


@pytest.mark.parametrize("after", [status for status in Status if status.was_confirmed])
def test_a_workflow_that_comes_late_changes_nothing_of_an_order_that_was_confirmed(
    after: Status,
) -> None:
    order = an_order(history=[Change(status=after, at="2026-11-24T12:00:00.000Z")])
    orders = FakeOrders(order)

    assert confirm(orders, order.order_id).status is after
    assert refuse(orders, order.order_id).status is after
    assert orders.said == []


@pytest.mark.parametrize(
    "ends", [refuse, lambda orders, it: (refuse(orders, it), reject(orders, it))]
)
def test_nothing_is_confirmed_once_an_order_is_refused(
    ends: Callable[[FakeOrders, str], object],
) -> None:
    order = an_order()
    orders = FakeOrders(order)
    ends(orders, order.order_id)

    with pytest.raises(OrderRefused):
        confirm(orders, order.order_id)


def test_an_order_whose_reservation_lapsed_is_not_confirmed() -> None:
    order = an_order()
    orders = FakeOrders(order)

    with pytest.raises(StockLapsed):
        confirm_order(order.order_id, stock_is_committed=False, orders=orders)

    assert orders.standing(order.order_id).status is Status.PLACED


def test_a_checkout_begins_only_for_an_order_that_is_undecided() -> None:
    placed, refused, confirmed = an_order(), an_order(), an_order()
    orders = FakeOrders(placed, refused, confirmed)
    refuse(orders, refused.order_id)
    confirm(orders, confirmed.order_id)

    assert begin_checkout(placed.order_id, orders=orders) == placed
    with pytest.raises(OrderRefused):
        begin_checkout(refused.order_id, orders=orders)
    with pytest.raises(OrderDecided):
        begin_checkout(confirmed.order_id, orders=orders)


@given(st.lists(st.sampled_from([confirm, refuse, reject]), max_size=12))
def test_whatever_is_asked_in_whatever_order_only_allowed_changes_happen(
    asked: list[Callable[[FakeOrders, str], Standing]],
) -> None:
    order = an_order()
    orders = FakeOrders(order)

    for ask in asked:
        try:
            ask(orders, order.order_id)
        except (OrderRefused, ValueError):
            continue

    steps = [step.status for step in orders.standing(order.order_id).history]
    assert all(after in CHANGES[before] for before, after in pairwise(steps))
    assert len(orders.said) <= 1


# --- orders left undecided -------------------------------------------------------------------


def revived(orders: FakeOrders, runs: FakeRuns, order_id: str) -> str:
    return revive(order_id, orders=orders, runs=runs)


def test_an_order_whose_workflow_never_began_gets_one() -> None:
    order, runs = an_order(), FakeRuns()

    assert revived(FakeOrders(order), runs, order.order_id) == "started"

    assert runs.over == {(order.order_id, 0): False}


def test_a_workflow_at_work_is_left_alone_however_often_the_clock_strikes() -> None:
    order, runs = an_order(), FakeRuns()
    orders = FakeOrders(order)
    runs.start(order.order_id, 0, order.journey)

    assert [revived(orders, runs, order.order_id) for _ in range(3)] == ["at work"] * 3

    assert len(runs.over) == 1


def test_a_workflow_that_ended_without_a_decision_is_followed_by_another_under_a_new_name() -> None:
    order, runs = an_order(), FakeRuns()
    orders = FakeOrders(order)
    for _ in range(3):
        revived(orders, runs, order.order_id)
        runs.end_all()

    assert set(runs.over) == {(order.order_id, run) for run in (0, 1, 2)}


def test_a_reviver_that_dies_before_the_start_is_made_good_by_the_next() -> None:
    order, runs = an_order(), FakeRuns()
    orders = FakeOrders(order)
    runs.start(order.order_id, 0, order.journey)
    runs.end_all()
    orders.save(orders.standing(order.order_id).run_again(), None)  # and then it died

    assert revived(orders, runs, order.order_id) == "started"

    assert (order.order_id, 1) in runs.over


def test_a_decided_order_is_left_alone() -> None:
    order, runs = an_order(), FakeRuns()
    orders = FakeOrders(order)
    confirm(orders, order.order_id)

    assert revived(orders, runs, order.order_id) == "decided"

    assert not runs.over
