"""The figures of a day count its orders by their current status."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.ids import id_lower_bound
from souk.kernel.money import Money
from souk.ordering import handlers
from souk.ordering.domain import (
    STATUS_TRANSITIONS,
    Order,
    OrderStatus,
    OrderSummary,
    Rejection,
    StatusChange,
)
from souk.ordering.figures import count_figures
from souk.runtime import http
from tests.kernel.builders import Response, send_request
from tests.kernel.tables import temporary_table
from tests.ordering.builders import ADA, an_order, pounds
from tests.ordering.fakes import FakeOrders, StoredOrders

call = partial(send_request, http.api_handler(handlers.ROUTES))
TODAY = datetime.now(UTC).date()
TEN_POUNDS = pounds(1000)
YESTERDAY = TODAY - timedelta(days=1)


def a_summary(status: OrderStatus, total: Money = TEN_POUNDS, **fields: Any) -> OrderSummary:
    return OrderSummary(
        order_id="o-1",
        owner=ADA,
        status=status,
        subtotal=total,
        total=total,
        line_count=1,
        placed_at="2026-11-24T12:00:00.000Z",
        **fields,
    )


def test_revenue_counts_orders_that_were_confirmed_and_not_cancelled() -> None:
    figures = count_figures(map(a_summary, OrderStatus))

    assert figures.orders == len(OrderStatus)
    assert figures.by_status == dict.fromkeys(OrderStatus, 1)
    assert figures.revenue == [pounds(3000)]  # confirmed, dispatched, delivered


def test_revenue_is_summed_per_currency() -> None:
    euros = Money(250, "EUR")

    figures = count_figures(
        a_summary(OrderStatus.CONFIRMED, total) for total in (pounds(7), euros, euros)
    )

    assert figures.revenue == [Money(500, "EUR"), pounds(7)]


def test_rejections_are_counted_by_reason_even_before_they_are_complete() -> None:
    out_of_stock = Rejection(reason="out-of-stock")
    declined = Rejection(reason="payment-declined")

    figures = count_figures(
        [
            a_summary(OrderStatus.REJECTED, rejection=out_of_stock),
            a_summary(OrderStatus.REJECTING, rejection=out_of_stock),
            a_summary(OrderStatus.REJECTED, rejection=declined),
        ]
    )

    assert figures.rejections["out-of-stock"] == 2
    assert figures.rejections["payment-declined"] == 1
    assert sum(figures.rejections.values()) == 3


@given(st.lists(st.sampled_from(list(OrderStatus))))
def test_every_order_is_counted_once(statuses: list[OrderStatus]) -> None:
    figures = count_figures(map(a_summary, statuses))

    assert figures.orders == sum(figures.by_status.values()) == len(statuses)


def test_statuses_are_counted_in_the_order_in_which_an_order_passes_through_them() -> None:
    statuses = list(OrderStatus)

    for before, allowed in STATUS_TRANSITIONS.items():
        assert all(statuses.index(after) > statuses.index(before) for after in allowed)


def get_figures(**query: str) -> Response:
    claims = {"sub": "sam", "cognito:groups": "[staff]"}
    return call(path="/api/staff/figures", claims=claims, query=query)


def an_order_of(day: date) -> Order:
    return an_order(history=[StatusChange(status=OrderStatus.PLACED, at=f"{day}T12:00:00.000Z")])


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> FakeOrders:
    fake = FakeOrders(an_order_of(TODAY), an_order_of(YESTERDAY), an_order_of(YESTERDAY))
    monkeypatch.setattr(handlers, "orders", lambda: fake)
    return fake


def test_staff_read_the_figures_of_today_and_of_another_day(orders: FakeOrders) -> None:
    today, yesterday = get_figures().body, get_figures(day=YESTERDAY.isoformat()).body

    assert today["day"] == TODAY.isoformat()
    assert (today["orders"], today["by_status"]["placed"], today["revenue"]) == (1, 1, [])
    assert today["rejections"]["out-of-stock"] == 0
    assert (yesterday["day"], yesterday["orders"]) == (YESTERDAY.isoformat(), 2)


@pytest.mark.parametrize("day", ["tomorrow", "", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_an_invalid_day_is_rejected(day: str, orders: FakeOrders) -> None:
    response = get_figures(day=day)

    assert (response.status, response.body["errors"][0]["pointer"]) == (400, "/day")


def test_figures_are_for_staff_only(orders: FakeOrders) -> None:
    assert call(path="/api/staff/figures", claims={"sub": "ada"}).status == 403


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredOrders]:
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["OrderingTable"]) as table:
        yield StoredOrders(table)


def an_order_created_at(moment: datetime) -> Order:
    return an_order(order_id=f"{id_lower_bound(moment)}-7000-8000-000000000000")


@pytest.mark.cloud
def test_a_day_lasts_from_midnight_to_midnight_utc_for_orders_of_any_status(
    stored: StoredOrders,
) -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    next_midnight = midnight + timedelta(days=1)
    instant = timedelta(milliseconds=1)
    before, first = an_order_created_at(midnight - instant), an_order_created_at(midnight)
    last, after = an_order_created_at(next_midnight - instant), an_order_created_at(next_midnight)
    for order in (before, first, last, after):
        stored.add(order, order.placed_event())
    stored.save(*stored.get_head(first.order_id).confirm("2026-11-24T12:00:00.000Z"))

    found = {order.order_id: order.status for order in stored.list_by_day(date(2026, 11, 24))}

    assert found == {
        first.order_id: OrderStatus.CONFIRMED,
        last.order_id: OrderStatus.PLACED,
    }
