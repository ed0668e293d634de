"""The status of an order during checkout, and the workflow of an open order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.ordering.domain import (
    STATUS_TRANSITIONS,
    CheckoutFinished,
    ExecutionState,
    HoldExpired,
    OrderHead,
    OrderStatus,
    Rejection,
    RejectionStarted,
    StatusChange,
)
from souk.ordering.usecases import (
    RestartResult,
    confirm_order,
    ensure_checkout_running,
    reject_order,
    start_checkout,
    start_rejection,
)
from tests.ordering.builders import an_order
from tests.ordering.fakes import FakeOrders, FakeWorkflow

OUT_OF_STOCK = Rejection(reason="out-of-stock", skus=["LAMP-1"])


def confirm(orders: FakeOrders, order_id: str) -> OrderHead:
    return confirm_order(order_id, stock_is_committed=True, orders=orders)


def start_to_reject(orders: FakeOrders, order_id: str) -> OrderHead:
    return start_rejection(order_id, OUT_OF_STOCK, orders=orders)


def reject(orders: FakeOrders, order_id: str) -> OrderHead:
    return reject_order(order_id, orders=orders)


def test_a_placed_order_is_confirmed_once_however_often_the_command_repeats() -> None:
    order = an_order()
    orders = FakeOrders(order)

    first, second = confirm(orders, order.order_id), confirm(orders, order.order_id)

    assert first == second
    assert first.status is OrderStatus.CONFIRMED
    assert [type(event).__name__ for event in orders.published] == ["OrderConfirmed"]


def test_a_rejection_starts_and_completes_once_with_its_first_reason() -> None:
    order = an_order()
    orders = FakeOrders(order)

    start_to_reject(orders, order.order_id)
    start_rejection(order.order_id, Rejection(reason="internal-error"), orders=orders)
    head = reject(orders, order.order_id)
    reject(orders, order.order_id)

    assert head.status is OrderStatus.REJECTED
    assert head.rejection == OUT_OF_STOCK
    assert [type(event).__name__ for event in orders.published] == ["OrderRejected"]


def test_a_confirmed_order_is_never_rejected() -> None:
    order = an_order()
    orders = FakeOrders(order)
    confirm(orders, order.order_id)

    assert start_to_reject(orders, order.order_id).status is OrderStatus.CONFIRMED
    with pytest.raises(ValueError, match="cannot become rejected"):
        reject(orders, order.order_id)


@pytest.mark.parametrize("status", [status for status in OrderStatus if status.has_been_confirmed])
def test_a_late_workflow_changes_nothing_of_an_order_that_has_been_confirmed(
    status: OrderStatus,
) -> None:
    order = an_order(history=[StatusChange(status=status, at="2026-11-24T12:00:00.000Z")])
    orders = FakeOrders(order)

    assert confirm(orders, order.order_id).status is status
    assert start_to_reject(orders, order.order_id).status is status
    assert orders.published == []


@pytest.mark.parametrize(
    "reject_partly_or_fully",
    [
        start_to_reject,
        lambda orders, order_id: (start_to_reject(orders, order_id), reject(orders, order_id)),
    ],
)
def test_an_order_is_not_confirmed_once_its_rejection_started(
    reject_partly_or_fully: Callable[[FakeOrders, str], object],
) -> None:
    order = an_order()
    orders = FakeOrders(order)
    reject_partly_or_fully(orders, order.order_id)

    with pytest.raises(RejectionStarted):
        confirm(orders, order.order_id)


def test_an_order_whose_hold_expired_is_not_confirmed() -> None:
    order = an_order()
    orders = FakeOrders(order)

    with pytest.raises(HoldExpired):
        confirm_order(order.order_id, stock_is_committed=False, orders=orders)

    assert orders.get_head(order.order_id).status is OrderStatus.PLACED


def test_a_checkout_starts_only_for_a_placed_order() -> None:
    placed, rejecting, confirmed = an_order(), an_order(), an_order()
    orders = FakeOrders(placed, rejecting, confirmed)
    start_to_reject(orders, rejecting.order_id)
    confirm(orders, confirmed.order_id)

    assert start_checkout(placed.order_id, orders=orders) == placed
    with pytest.raises(RejectionStarted):
        start_checkout(rejecting.order_id, orders=orders)
    with pytest.raises(CheckoutFinished):
        start_checkout(confirmed.order_id, orders=orders)


@given(st.lists(st.sampled_from([confirm, start_to_reject, reject]), max_size=12))
def test_commands_in_any_order_lead_to_allowed_transitions_only(
    commands: list[Callable[[FakeOrders, str], OrderHead]],
) -> None:
    order = an_order()
    orders = FakeOrders(order)

    for command in commands:
        try:
            command(orders, order.order_id)
        except (RejectionStarted, ValueError):
            continue

    statuses = [change.status for change in orders.get_head(order.order_id).history]
    assert all(after in STATUS_TRANSITIONS[before] for before, after in pairwise(statuses))
    assert len(orders.published) <= 1


# --- the workflow of open orders -------------------------------------------------------------


def ensure_running(orders: FakeOrders, workflow: FakeWorkflow, order_id: str) -> RestartResult:
    return ensure_checkout_running(order_id, orders=orders, workflow=workflow)


def test_an_order_without_a_workflow_gets_one() -> None:
    order, workflow = an_order(), FakeWorkflow()

    result = ensure_running(FakeOrders(order), workflow, order.order_id)

    assert result is RestartResult.STARTED
    assert workflow.executions == {(order.order_id, 0): ExecutionState.RUNNING}


def test_a_running_workflow_is_not_restarted() -> None:
    order, workflow = an_order(), FakeWorkflow()
    orders = FakeOrders(order)
    workflow.start(order.order_id, 0, order.correlation_id)

    results = [ensure_running(orders, workflow, order.order_id) for _ in range(3)]

    assert results == [RestartResult.RUNNING] * 3
    assert len(workflow.executions) == 1


def test_a_workflow_that_ended_without_a_decision_is_restarted_under_a_new_number() -> None:
    order, workflow = an_order(), FakeWorkflow()
    orders = FakeOrders(order)
    for _ in range(3):
        ensure_running(orders, workflow, order.order_id)
        workflow.end_all()

    assert set(workflow.executions) == {(order.order_id, number) for number in (0, 1, 2)}


def test_the_next_reconciliation_completes_a_restart_that_was_interrupted() -> None:
    order, workflow = an_order(), FakeWorkflow()
    orders = FakeOrders(order)
    workflow.start(order.order_id, 0, order.correlation_id)
    workflow.end_all()
    orders.save(orders.get_head(order.order_id).next_execution(), None)  # not started yet

    assert ensure_running(orders, workflow, order.order_id) is RestartResult.STARTED

    assert (order.order_id, 1) in workflow.executions


def test_a_finished_checkout_is_not_restarted() -> None:
    order, workflow = an_order(), FakeWorkflow()
    orders = FakeOrders(order)
    confirm(orders, order.order_id)

    result = ensure_running(orders, workflow, order.order_id)

    assert result is RestartResult.CHECKOUT_FINISHED
    assert not workflow.executions
