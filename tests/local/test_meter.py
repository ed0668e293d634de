"""The meter counts what a request makes AWS do, and only while it is asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from bench.metering import Meter
from local.meter import PATH
from local.shop import Running
from tests.conftest import open_shop
from tests.journeys.visitor import Guest, Staff, new_key

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Of its own: in the one all share, what others left is tried again for a minute."""
    with open_shop(tmp_path_factory.mktemp("metered-shop")) as running:
        yield running


@pytest.fixture
def count(shop: Running) -> Callable[[Callable[[], object]], dict[str, Any]]:
    """What one step comes to, begun when nothing of an earlier test is on its way any more."""
    meter = Meter(shop.endpoint)

    def counted(step: Callable[[], object]) -> dict[str, Any]:
        meter.count(lambda: None, 1)
        return meter.count(step, 1)

    return counted


def heard_in_batches(room: str, counted: dict[str, Any]) -> int:
    """How often a room that gathers facts was called: the journal asks who watches each time,
    notification whom to write to."""
    (each,) = (each for name, each in counted["functions"].items() if f"{room}Consumer" in name)
    return int(each["runs"])


def test_reading_a_product_is_one_read(
    shop: Running, count: Callable[[Callable[[], object]], dict[str, Any]]
) -> None:
    sku = Staff(shop).list_product()

    counted = count(lambda: Guest(shop).http.get(f"/products/{sku}").raise_for_status())

    assert counted["calls"] == {"dynamodb:GetItem": 1}
    assert (counted["read_units"], counted.get("write_units", 0)) == (1, 0)
    assert counted["http_requests"] == 1


def test_a_line_is_put_with_one_read_and_one_transaction(
    shop: Running, count: Callable[[Callable[[], object]], dict[str, Any]]
) -> None:
    staff, guest = Staff(shop), Guest(shop)
    first, second = staff.list_product(), staff.list_product()
    guest.put(first)
    Guest(shop).put(second)  # from now on it is known

    counted = count(lambda: guest.put(second))

    assert counted["calls"] == {"dynamodb:BatchGetItem": 1, "dynamodb:TransactWriteItems": 1}
    assert (counted["read_units"], counted["write_units"]) == (2, 4)


def test_a_checkout_is_metered_to_the_confirmed_order(
    shop: Running, count: Callable[[Callable[[], object]], dict[str, Any]]
) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    wish = guest.wish()

    counted = count(lambda: guest.check_out(wish, new_key()).raise_for_status())

    calls = counted["calls"]
    assert calls["dynamodb:TransactGetItems"] == calls["AWSStepFunctions:StartExecution"] == 1
    mails = heard_in_batches("Notification", counted)
    assert calls["dynamodb:BatchGetItem"] == 2 + mails  # checkout, workflow; whom to write to
    batches = heard_in_batches("Journal", counted)
    assert calls["dynamodb:Query"] == 3 + batches  # two for checkout: lines, shipping options
    assert calls["dynamodb:TransactWriteItems"] == 5  # two, then hold, authorise, confirm
    assert calls["dynamodb:UpdateItem"] == 3  # sold; both mails sent
    assert (counted["events"], counted["sqs_records"]) == (5, 9)  # five of them the journal's
    of_the_journal = 5 + batches, 5 + 2 * batches  # its news of a batch are one unit or two
    assert of_the_journal[0] <= counted["write_units"] - 58 <= of_the_journal[1]
    assert (counted["executions"], counted["transitions"]) == (1, 7)
    assert calls["ses:SendEmail"] == 2  # received, confirmed


def test_a_page_costs_the_same_however_many_products_there_are(
    shop: Running, count: Callable[[Callable[[], object]], dict[str, Any]]
) -> None:
    staff, guest = Staff(shop), Guest(shop)

    def page() -> None:
        guest.http.get("/products", params={"limit": 2, "category": "Tests"}).raise_for_status()

    for _ in range(3):
        staff.list_product()
    few = count(page)["read_units"]
    for _ in range(20):
        staff.list_product()

    assert count(page)["read_units"] == few


def test_nothing_is_counted_once_the_count_has_ended(shop: Running) -> None:
    sku = Staff(shop).list_product()
    with httpx.Client(base_url=shop.endpoint) as http:
        http.post(PATH)
        http.delete(PATH)

        Guest(shop).http.get(f"/products/{sku}").raise_for_status()

        assert http.get(PATH).json().get("http_requests", 0) == 0
