"""What orders promise, wherever they are kept; and their lists, which only the table has."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from souk.kernel import aws, dynamo
from souk.kernel.errors import InvalidQuery, NotFound
from souk.kernel.ids import new_id
from souk.ordering.domain import Cancellation, Order, OrderMoved, Rejection, Status
from souk.ordering.usecases import read_order
from tests.kernel.tables import twin
from tests.ordering.builders import ADA, BOB, PARCEL, a_line, an_order
from tests.ordering.fakes import FakeOrders, StoredOrders

Orders = FakeOrders | StoredOrders


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def orders(request: pytest.FixtureRequest) -> Orders:
    if request.param == "in memory":
        return FakeOrders()
    stored: StoredOrders = request.getfixturevalue("stored")
    return stored


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredOrders]:
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["OrderingTable"]) as table:
        yield StoredOrders(table)


def added(orders: Orders, order: Order) -> Order:
    orders.add(order, order.placed())
    return order


def test_an_order_is_read_as_it_was_placed(orders: Orders) -> None:
    order = added(orders, an_order(a_line("LAMP-1"), a_line("RUG-1", quantity=1, price=5000)))

    assert orders.get(order.order_id) == order
    assert orders.said == [order.placed()]


def test_an_order_of_a_thousand_lines_keeps_them_in_their_order(orders: Orders) -> None:
    lines = [a_line(f"SKU-{number * 7 % 1000}", quantity=100_000) for number in range(1000)]

    order = added(orders, an_order(*lines))

    assert orders.get(order.order_id).lines == lines


def test_an_order_never_placed_is_not_found(orders: Orders) -> None:
    with pytest.raises(NotFound):
        orders.get(new_id())


@pytest.mark.cloud
def test_an_order_seen_while_it_is_being_written_is_not_there_yet(stored: StoredOrders) -> None:
    order = added(stored, an_order())
    aws.dynamodb().delete_item(
        TableName=stored._table, Key=dynamo.key(f"ORDER#{order.order_id}", "LINES")
    )

    with pytest.raises(NotFound):
        stored.get(order.order_id)


def test_an_order_added_twice_is_one_order_and_one_fact(orders: Orders) -> None:
    order = an_order()

    added(orders, order)
    added(orders, order)

    assert orders.get(order.order_id) == order
    assert orders.said == [order.placed()]


def test_the_first_order_of_an_id_stands(orders: Orders) -> None:
    first = added(orders, an_order(a_line(quantity=1)))

    added(orders, an_order(a_line(quantity=9), a_line("RUG-1"), order_id=first.order_id))

    assert orders.get(first.order_id) == first
    assert orders.said == [first.placed()]


def test_a_strangers_order_is_not_found(orders: Orders) -> None:
    order = added(orders, an_order(owner=ADA))

    with pytest.raises(NotFound):
        read_order(order.order_id, owner=BOB, orders=orders)


@pytest.mark.cloud
def test_an_order_added_by_eight_at_the_same_moment_is_one_order_and_one_fact(
    stored: StoredOrders,
) -> None:
    order = an_order()

    with ThreadPoolExecutor(8) as consumers:
        list(consumers.map(lambda _: added(stored, order), range(8)))

    assert stored.said == [order.placed()]
    assert [each.order_id for each in stored.page(ADA, 24, None).orders] == [order.order_id]


def all_pages(stored: StoredOrders, owner: str, limit: int) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        page = stored.page(owner, limit, cursor)
        pages.append([order.order_id for order in page.orders])
        if page.next is None:
            return pages
        cursor = page.next


@pytest.mark.cloud
@pytest.mark.parametrize("limit", [1, 3, 7, 8])
def test_pages_show_all_your_orders_once_newest_first_and_no_others(
    stored: StoredOrders, limit: int
) -> None:
    mine = [added(stored, an_order(owner=ADA)).order_id for _ in range(7)]
    for _ in range(3):
        added(stored, an_order(owner=BOB))

    pages = all_pages(stored, ADA, limit)

    assert [each for page in pages for each in page] == sorted(mine, reverse=True)
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert pages[-1] != []


@pytest.mark.cloud
def test_a_list_shows_an_order_without_its_lines(stored: StoredOrders) -> None:
    order = added(stored, an_order(a_line("LAMP-1"), a_line("RUG-1")))

    (shown,) = stored.page(ADA, 24, None).orders

    assert (shown.order_id, shown.owner, shown.status) == (order.order_id, ADA, order.status)
    assert (shown.subtotal, shown.total) == (order.subtotal, order.total)
    assert (shown.line_count, shown.placed_at) == (2, order.placed_at)


@pytest.mark.cloud
def test_who_has_no_orders_sees_none(stored: StoredOrders) -> None:
    assert stored.page(ADA, 24, None) == ([], None)


@pytest.mark.cloud
def test_a_strangers_order_as_cursor_shows_only_your_own(stored: StoredOrders) -> None:
    mine, strangers = (added(stored, an_order(owner=owner)).order_id for owner in (ADA, BOB))

    shown = stored.page(ADA, 24, strangers).orders

    assert {each.order_id for each in shown} <= {mine}


@pytest.mark.parametrize("cursor", ["", "x", "0" * 35, "0" * 37, "g" * 36, "0" * 36 + "\n"])
def test_a_forged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        StoredOrders("nowhere").page(ADA, 24, cursor)

    assert refused.value.members["errors"][0]["pointer"] == "/cursor"


def test_a_change_of_state_is_kept_and_said_with_its_order(orders: Orders) -> None:
    order = added(orders, an_order())
    confirmed, fact = orders.standing(order.order_id).confirm("2026-11-24T12:00:00.000Z")

    orders.save(confirmed, fact)

    assert orders.standing(order.order_id) == confirmed
    assert orders.get(order.order_id).status is Status.CONFIRMED
    assert orders.said == [order.placed(), fact]


def test_why_an_order_is_refused_is_kept(orders: Orders) -> None:
    order = added(orders, an_order())
    rejection = Rejection(reason="payment-declined", detail="insufficient-funds")

    orders.save(orders.standing(order.order_id).refuse(rejection, "2026-11-24T12:00:00Z"), None)

    assert orders.get(order.order_id).rejection == rejection
    assert orders.standing(order.order_id).rejection == rejection


def test_a_wish_to_cancel_and_what_became_of_the_parcel_are_kept(orders: Orders) -> None:
    order = added(orders, an_order())
    orders.save(*orders.standing(order.order_id).confirm("2026-11-24T12:00:00.000Z"))
    orders.save(*orders.standing(order.order_id).ask_to_cancel("2026-11-24T12:01:00.000Z", "why"))
    orders.save(*orders.standing(order.order_id).deliver("2026-11-24T12:03:00.000Z"))
    orders.save(*orders.standing(order.order_id).dispatch(PARCEL))

    standing, kept = orders.standing(order.order_id), orders.get(order.order_id)
    assert (standing.cancel_asked_at, standing.parcel) == ("2026-11-24T12:01:00.000Z", PARCEL)
    assert (kept.status, kept.parcel) == (Status.DELIVERED, PARCEL)
    assert kept.cancellation == Cancellation(
        asked_at="2026-11-24T12:01:00.000Z", reason="why", outcome="too-late"
    )


def test_of_two_who_change_an_order_at_once_the_second_is_refused(orders: Orders) -> None:
    order = added(orders, an_order())
    seen = orders.standing(order.order_id)
    orders.save(*seen.confirm("2026-11-24T12:00:00.000Z"))

    with pytest.raises(OrderMoved):
        orders.save(seen.refuse(Rejection(reason="not-possible"), "2026-11-24T12:00:00Z"), None)

    assert orders.standing(order.order_id).status is Status.CONFIRMED


def test_undecided_orders_are_found_by_their_age(orders: Orders) -> None:
    ids = [f"01a2000{number}-0000-7000-8000-000000000000" for number in range(3)]
    decided, undone, young = (added(orders, an_order(order_id=each)) for each in ids)
    orders.save(*orders.standing(decided.order_id).confirm("2026-11-24T12:00:00.000Z"))
    refused = orders.standing(undone.order_id).refuse(Rejection(reason="not-possible"), "now")
    orders.save(refused, None)

    assert list(orders.left_open(young.order_id)) == [undone.order_id]
    assert set(orders.left_open("f")) == {undone.order_id, young.order_id}


@pytest.mark.cloud
def test_a_rejected_order_is_listed_with_its_reason(stored: StoredOrders) -> None:
    order = added(stored, an_order())
    refused = stored.standing(order.order_id).refuse(Rejection(reason="not-possible"), "now")
    stored.save(refused, None)
    stored.save(*refused.reject("later"))

    (card,) = stored.page(ADA, 10, None).orders

    assert (card.status, card.rejection) == (Status.REJECTED, refused.rejection)
