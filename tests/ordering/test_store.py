"""The contract of the order repository, for the fake and the table; and the lists of the table."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from souk.kernel import aws, dynamo
from souk.kernel.errors import ConcurrentUpdate, InvalidQuery, NotFound
from souk.kernel.ids import new_id
from souk.ordering.domain import Cancellation, Order, OrderHead, OrderStatus, Rejection
from souk.ordering.usecases import get_order
from tests.kernel.tables import temporary_table
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
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["OrderingTable"]) as table:
        yield StoredOrders(table)


def add(orders: Orders, order: Order) -> Order:
    orders.add(order, order.placed_event())
    return order


def test_an_order_is_read_as_it_was_added(orders: Orders) -> None:
    order = add(orders, an_order(a_line("LAMP-1"), a_line("RUG-1", quantity=1, price=5000)))

    assert orders.get(order.order_id) == order
    assert orders.published == [order.placed_event()]


def test_an_order_of_a_thousand_lines_keeps_their_sequence(orders: Orders) -> None:
    lines = [a_line(f"SKU-{number * 7 % 1000}", quantity=100_000) for number in range(1000)]

    order = add(orders, an_order(*lines))

    assert orders.get(order.order_id).lines == lines


def test_an_unknown_order_is_not_found(orders: Orders) -> None:
    with pytest.raises(NotFound):
        orders.get(new_id())


@pytest.mark.cloud
def test_an_order_read_in_the_middle_of_its_transaction_is_not_found_yet(
    stored: StoredOrders,
) -> None:
    order = add(stored, an_order())
    aws.dynamodb().delete_item(
        TableName=stored._table, Key=dynamo.key(f"ORDER#{order.order_id}", "LINES")
    )

    with pytest.raises(NotFound):
        stored.get(order.order_id)


def test_an_order_added_twice_is_one_order_and_one_event(orders: Orders) -> None:
    order = an_order()

    add(orders, order)
    add(orders, order)

    assert orders.get(order.order_id) == order
    assert orders.published == [order.placed_event()]


def test_a_second_order_with_the_same_id_is_ignored(orders: Orders) -> None:
    first = add(orders, an_order(a_line(quantity=1)))

    add(orders, an_order(a_line(quantity=9), a_line("RUG-1"), order_id=first.order_id))

    assert orders.get(first.order_id) == first
    assert orders.published == [first.placed_event()]


def test_another_owners_order_is_not_found(orders: Orders) -> None:
    order = add(orders, an_order(owner=ADA))

    with pytest.raises(NotFound):
        get_order(order.order_id, owner=BOB, orders=orders)


@pytest.mark.cloud
def test_an_order_added_eight_times_concurrently_is_one_order_and_one_event(
    stored: StoredOrders,
) -> None:
    order = an_order()

    with ThreadPoolExecutor(8) as consumers:
        list(consumers.map(lambda _: add(stored, order), range(8)))

    assert stored.published == [order.placed_event()]
    orders = stored.list_by_owner(ADA, 24, None).orders
    assert [listed.order_id for listed in orders] == [order.order_id]


def all_pages(stored: StoredOrders, owner: str, limit: int) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        page = stored.list_by_owner(owner, limit, cursor)
        pages.append([order.order_id for order in page.orders])
        if page.next is None:
            return pages
        cursor = page.next


@pytest.mark.cloud
@pytest.mark.parametrize("limit", [1, 3, 7, 8])
def test_pages_list_all_orders_of_the_owner_once_newest_first_and_no_others(
    stored: StoredOrders, limit: int
) -> None:
    order_ids = [add(stored, an_order(owner=ADA)).order_id for _ in range(7)]
    for _ in range(3):
        add(stored, an_order(owner=BOB))

    pages = all_pages(stored, ADA, limit)

    assert [order_id for page in pages for order_id in page] == sorted(order_ids, reverse=True)
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert pages[-1] != []


@pytest.mark.cloud
def test_a_list_shows_an_order_without_its_lines(stored: StoredOrders) -> None:
    order = add(stored, an_order(a_line("LAMP-1"), a_line("RUG-1")))

    (listed,) = stored.list_by_owner(ADA, 24, None).orders

    assert (listed.order_id, listed.owner, listed.status) == (order.order_id, ADA, order.status)
    assert (listed.subtotal, listed.total) == (order.subtotal, order.total)
    assert (listed.line_count, listed.placed_at) == (2, order.placed_at)


@pytest.mark.cloud
def test_the_list_of_an_owner_without_orders_is_empty(stored: StoredOrders) -> None:
    assert stored.list_by_owner(ADA, 24, None) == ([], None)


@pytest.mark.cloud
def test_another_owners_order_as_cursor_reveals_nothing(stored: StoredOrders) -> None:
    own, other = (add(stored, an_order(owner=owner)).order_id for owner in (ADA, BOB))

    orders = stored.list_by_owner(ADA, 24, other).orders

    assert {order.order_id for order in orders} <= {own}


@pytest.mark.parametrize("cursor", ["", "x", "0" * 35, "0" * 37, "g" * 36, "0" * 36 + "\n"])
def test_an_invalid_cursor_is_rejected(cursor: str) -> None:
    with pytest.raises(InvalidQuery) as error:
        StoredOrders("nowhere").list_by_owner(ADA, 24, cursor)

    assert error.value.members["errors"][0]["pointer"] == "/cursor"


def test_a_status_change_is_stored_with_its_event(orders: Orders) -> None:
    order = add(orders, an_order())
    confirmed, event = orders.get_head(order.order_id).confirm("2026-11-24T12:00:00.000Z")

    orders.save(confirmed, event)

    assert orders.get_head(order.order_id) == confirmed
    assert orders.get(order.order_id).status is OrderStatus.CONFIRMED
    assert orders.published == [order.placed_event(), event]


def test_the_reason_of_a_rejection_is_stored(orders: Orders) -> None:
    order = add(orders, an_order())
    rejection = Rejection(reason="payment-declined", detail="insufficient-funds")
    head = orders.get_head(order.order_id)

    orders.save(head.start_rejection(rejection, "2026-11-24T12:00:00Z"), None)

    assert orders.get(order.order_id).rejection == rejection
    assert orders.get_head(order.order_id).rejection == rejection


def test_a_cancellation_request_and_the_parcel_are_stored(orders: Orders) -> None:
    order = add(orders, an_order())

    def head() -> OrderHead:
        return orders.get_head(order.order_id)

    orders.save(*head().confirm("2026-11-24T12:00:00.000Z"))
    orders.save(*head().request_cancellation("2026-11-24T12:01:00.000Z", "why"))
    orders.save(*head().deliver("2026-11-24T12:03:00.000Z"))
    orders.save(*head().dispatch(PARCEL))

    stored_order = orders.get(order.order_id)
    assert head().cancellation_requested_at == "2026-11-24T12:01:00.000Z"
    assert head().parcel == PARCEL
    assert (stored_order.status, stored_order.parcel) == (OrderStatus.DELIVERED, PARCEL)
    assert stored_order.cancellation == Cancellation(
        requested_at="2026-11-24T12:01:00.000Z", reason="why", outcome="too-late"
    )


def test_an_early_delivery_is_stored_until_the_dispatch(orders: Orders) -> None:
    order = add(orders, an_order())
    confirmed, event = orders.get_head(order.order_id).confirm("2026-11-24T12:00:00.000Z")
    orders.save(confirmed, event)

    early = confirmed.deliver("2026-11-24T12:03:00.000Z")
    orders.save(*early)
    assert orders.get_head(order.order_id) == early[0]

    delivered = early[0].dispatch(PARCEL)
    orders.save(*delivered)
    assert orders.get_head(order.order_id) == delivered[0]


def test_the_second_of_two_concurrent_changes_fails(orders: Orders) -> None:
    order = add(orders, an_order())
    head = orders.get_head(order.order_id)
    rejecting = head.start_rejection(Rejection(reason="internal-error"), "2026-11-24T12:00:00Z")
    orders.save(*head.confirm("2026-11-24T12:00:00.000Z"))

    with pytest.raises(ConcurrentUpdate):
        orders.save(rejecting, None)

    assert orders.get_head(order.order_id).status is OrderStatus.CONFIRMED


def test_open_orders_are_listed_by_age(orders: Orders) -> None:
    ids = [f"01a2000{number}-0000-7000-8000-000000000000" for number in range(3)]
    confirmed, rejecting, young = (add(orders, an_order(order_id=order_id)) for order_id in ids)
    orders.save(*orders.get_head(confirmed.order_id).confirm("2026-11-24T12:00:00.000Z"))
    head = orders.get_head(rejecting.order_id)
    orders.save(head.start_rejection(Rejection(reason="internal-error"), "now"), None)

    assert list(orders.list_open(young.order_id)) == [rejecting.order_id]
    assert set(orders.list_open("f")) == {rejecting.order_id, young.order_id}


@pytest.mark.cloud
def test_a_rejected_order_is_listed_with_its_reason(stored: StoredOrders) -> None:
    order = add(stored, an_order())
    rejection = Rejection(reason="internal-error")
    rejecting = stored.get_head(order.order_id).start_rejection(rejection, "now")
    stored.save(rejecting, None)
    stored.save(*rejecting.reject("later"))

    (listed,) = stored.list_by_owner(ADA, 10, None).orders

    assert (listed.status, listed.rejection) == (OrderStatus.REJECTED, rejection)
