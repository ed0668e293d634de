"""The reconciler checks every open order, even when one of them fails."""

from __future__ import annotations

import pytest

from souk.ordering import handlers
from souk.ordering.domain import ExecutionState
from souk.ordering.handlers import ReconciliationFailed
from tests.ordering.builders import an_order
from tests.ordering.fakes import FakeOrders, FakeWorkflow

OLD_ORDERS = [f"01900000-0000-7000-8000-{number:012}" for number in range(5)]


class FailingWorkflow(FakeWorkflow):
    """Fails for one of the orders."""

    def get_state(self, order_id: str, execution_number: int) -> ExecutionState:
        if order_id == OLD_ORDERS[1]:
            raise RuntimeError("no response")
        return super().get_state(order_id, execution_number)


def open_orders(monkeypatch: pytest.MonkeyPatch, workflow: FakeWorkflow) -> FakeWorkflow:
    """One order that was just placed and five old ones, all without a workflow."""
    orders = FakeOrders(an_order(), *(an_order(order_id=order_id) for order_id in OLD_ORDERS))
    monkeypatch.setattr(handlers, "orders", lambda: orders)
    monkeypatch.setattr(handlers, "workflow", lambda: workflow)
    return workflow


def started(workflow: FakeWorkflow) -> list[str]:
    return [order_id for order_id, _ in workflow.executions]


def test_old_orders_are_checked_and_the_one_just_placed_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workflow = open_orders(monkeypatch, FakeWorkflow())

    handlers.reconcile(is_out_of_time=lambda: False)

    assert started(workflow) == OLD_ORDERS


def test_an_order_that_fails_is_reported_and_does_not_affect_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workflow = open_orders(monkeypatch, FailingWorkflow())

    with pytest.raises(ReconciliationFailed, match="1 open orders"):
        handlers.reconcile(is_out_of_time=lambda: False)

    assert started(workflow) == [OLD_ORDERS[0], *OLD_ORDERS[2:]]


def test_the_reconciler_stops_between_two_orders_when_it_is_out_of_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workflow = open_orders(monkeypatch, FakeWorkflow())
    answers = iter([False, False, True])

    handlers.reconcile(is_out_of_time=lambda: next(answers))

    assert started(workflow) == OLD_ORDERS[:2]
