"""What a day's orders come to, whatever has become of them since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.edges import http
from souk.kernel.ids import id_before
from souk.kernel.money import Money
from souk.ordering import handlers
from souk.ordering.domain import CHANGES, Change, Order, Rejection, Status, Summary
from souk.ordering.figures import figures
from tests.kernel.builders import Response, answer_to
from tests.kernel.tables import twin
from tests.ordering.builders import ADA, an_order, pounds
from tests.ordering.fakes import FakeOrders, StoredOrders

call = partial(answer_to, http.api(handlers.ROUTES))
TODAY = datetime.now(UTC).date()
TEN_POUNDS = pounds(1000)
EARLIER = TODAY - timedelta(days=1)


def a_summary(status: Status, total: Money = TEN_POUNDS, **given: Any) -> Summary:
    return Summary(
        order_id="o-1",
        owner=ADA,
        status=status,
        subtotal=total,
        total=total,
        line_count=1,
        placed_at="2026-11-24T12:00:00.000Z",
        **given,
    )


def test_revenue_is_of_orders_that_were_confirmed_and_stand() -> None:
    counted = figures(map(a_summary, Status))

    assert counted.orders == len(Status)
    assert counted.by_status == dict.fromkeys(Status, 1)
    assert counted.revenue == [pounds(3000)]  # confirmed, dispatched, delivered


def test_each_currency_is_a_sum_of_its_own() -> None:
    euros = Money(250, "EUR")

    counted = figures(a_summary(Status.CONFIRMED, each) for each in (pounds(7), euros, euros))

    assert counted.revenue == [Money(500, "EUR"), pounds(7)]


def test_rejections_are_counted_by_reason_also_while_they_are_being_undone() -> None:
    short, declined = Rejection(reason="out-of-stock"), Rejection(reason="payment-declined")

    counted = figures(
        [
            a_summary(Status.REJECTED, rejection=short),
            a_summary(Status.REJECTING, rejection=short),
            a_summary(Status.REJECTED, rejection=declined),
        ]
    )

    assert counted.rejections["out-of-stock"] == 2
    assert counted.rejections["payment-declined"] == 1
    assert sum(counted.rejections.values()) == 3


@given(st.lists(st.sampled_from(list(Status))))
def test_every_order_is_counted_once(stand: list[Status]) -> None:
    counted = figures(map(a_summary, stand))

    assert counted.orders == sum(counted.by_status.values()) == len(stand)


def test_orders_go_through_their_states_in_the_order_in_which_they_are_counted() -> None:
    states = list(Status)

    for before, after in CHANGES.items():
        assert all(states.index(each) > states.index(before) for each in after)


def as_sam(**query: str) -> Response:
    claims = {"sub": "sam", "cognito:groups": "[staff]"}
    return call(path="/api/staff/figures", claims=claims, query=query)


def placed_on(day: date) -> Order:
    return an_order(history=[Change(status=Status.PLACED, at=f"{day}T12:00:00.000Z")])


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> FakeOrders:
    fake = FakeOrders(placed_on(TODAY), placed_on(EARLIER), placed_on(EARLIER))
    monkeypatch.setattr(handlers, "orders", lambda: fake)
    return fake


def test_staff_read_the_figures_of_today_and_of_a_day(orders: FakeOrders) -> None:
    today, earlier = as_sam().body, as_sam(day=EARLIER.isoformat()).body

    assert today["day"] == TODAY.isoformat()
    assert (today["orders"], today["by_status"]["placed"], today["revenue"]) == (1, 1, [])
    assert today["rejections"]["out-of-stock"] == 0
    assert (earlier["day"], earlier["orders"]) == (EARLIER.isoformat(), 2)


@pytest.mark.parametrize("day", ["tomorrow", "", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_a_day_there_is_not_is_refused(day: str, orders: FakeOrders) -> None:
    asked = as_sam(day=day)

    assert (asked.status, asked.body["errors"][0]["pointer"]) == (400, "/day")


def test_figures_are_for_staff(orders: FakeOrders) -> None:
    assert call(path="/api/staff/figures", claims={"sub": "ada"}).status == 403


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredOrders]:
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["OrderingTable"]) as table:
        yield StoredOrders(table)


def at(moment: datetime) -> Order:
    return an_order(order_id=f"{id_before(moment)}-7000-8000-000000000000")


@pytest.mark.cloud
def test_a_day_is_from_midnight_to_midnight_utc_in_whatever_state(stored: StoredOrders) -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    instant = timedelta(milliseconds=1)
    before, first = at(midnight - instant), at(midnight)
    last, after = at(midnight + timedelta(days=1) - instant), at(midnight + timedelta(days=1))
    for order in (before, first, last, after):
        stored.add(order, order.placed())
    stored.save(*stored.standing(first.order_id).confirm("2026-11-24T12:00:00.000Z"))

    found = {order.order_id: order.status for order in stored.of_day(date(2026, 11, 24))}

    assert found == {first.order_id: Status.CONFIRMED, last.order_id: Status.PLACED}
