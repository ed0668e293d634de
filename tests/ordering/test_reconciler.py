"""The clock sees to every order left undecided, whatever is wrong with one of them."""

from __future__ import annotations

import pytest

from souk.ordering import handlers
from souk.ordering.handlers import NotRevived
from tests.ordering.builders import an_order
from tests.ordering.fakes import FakeOrders, FakeRuns

YESTERDAYS = [f"01900000-0000-7000-8000-{number:012}" for number in range(5)]


class OneThatBreaks(FakeRuns):
    """Of one order it cannot be told how its workflow fares."""

    def is_over(self, order_id: str, run: int) -> bool | None:
        if order_id == YESTERDAYS[1]:
            raise RuntimeError("no answer")
        return super().is_over(order_id, run)


def left_open(monkeypatch: pytest.MonkeyPatch, runs: FakeRuns) -> FakeRuns:
    orders = FakeOrders(an_order(), *(an_order(order_id=each) for each in YESTERDAYS))
    monkeypatch.setattr(handlers, "orders", lambda: orders)
    monkeypatch.setattr(handlers, "runs", lambda: runs)
    return runs


def begun(runs: FakeRuns) -> list[str]:
    return [order_id for order_id, _ in runs.over]


def test_yesterdays_orders_are_seen_to_and_the_one_just_placed_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = left_open(monkeypatch, FakeRuns())

    handlers.reconcile(enough=lambda: False)

    assert begun(runs) == YESTERDAYS


def test_an_order_that_cannot_be_seen_to_is_told_and_keeps_no_other_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = left_open(monkeypatch, OneThatBreaks())

    with pytest.raises(NotRevived, match="1 orders"):
        handlers.reconcile(enough=lambda: False)

    assert begun(runs) == [YESTERDAYS[0], *YESTERDAYS[2:]]


def test_it_stops_between_two_orders_before_its_time_is_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = left_open(monkeypatch, FakeRuns())
    looks = iter([False, False, True])

    handlers.reconcile(enough=lambda: next(looks))

    assert begun(runs) == YESTERDAYS[:2]
