"""The meter counts the AWS calls of a request, and only between its start and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from bench.metering import Meter
from local.meter import PATH
from local.root_signature import RootSignature
from local.shop import RunningShop
from tests.conftest import running_shop
from tests.journeys.visitor import Guest, Staff, new_key

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop of its own: in the shared one, work of other tests is retried for a minute."""
    with running_shop(tmp_path_factory.mktemp("metered-shop")) as running:
        yield running


@pytest.fixture
def count(shop: RunningShop) -> Callable[[Callable[[], object]], dict[str, Any]]:
    """Counts one step, after all work of earlier tests has ended."""
    meter = Meter(shop)

    def counted(step: Callable[[], object]) -> dict[str, Any]:
        meter.count(lambda: None, 1)
        return meter.count(step, 1)

    return counted


def consumer_runs(service: str, counted: dict[str, Any]) -> int:
    """How often the consumer of a service with a batching window was invoked.

    For each batch, timeline queries the live connections and notification reads the contacts.
    """
    functions = counted["functions"].items()
    (counts,) = (counts for name, counts in functions if f"{service}Consumer" in name)
    return int(counts["runs"])


def test_reading_a_product_is_one_read(
    shop: RunningShop, count: Callable[[Callable[[], object]], dict[str, Any]]
) -> None:
    sku = Staff(shop).list_product()

    counted = count(lambda: Guest(shop).http.get(f"/products/{sku}").raise_for_status())

    assert counted["calls"] == {"dynamodb:GetItem": 1}
    assert (counted["read_units"], counted.get("write_units", 0)) == (1, 0)
    assert counted["http_requests"] == 1


def test_adding_a_basket_line_is_one_read_and_one_transaction(
    shop: RunningShop, count: Callable[[Callable[[], object]], dict[str, Any]]
) -> None:
    staff, guest = Staff(shop), Guest(shop)
    first, second = staff.list_product(), staff.list_product()
    guest.put(first)
    Guest(shop).put(second)  # waits until basket knows the product

    counted = count(lambda: guest.put(second))

    assert counted["calls"] == {"dynamodb:BatchGetItem": 1, "dynamodb:TransactWriteItems": 1}
    assert (counted["read_units"], counted["write_units"]) == (2, 4)


def test_a_checkout_is_metered_to_the_confirmed_order(
    shop: RunningShop, count: Callable[[Callable[[], object]], dict[str, Any]]
) -> None:
    guest = Guest(shop)
    guest.put(Staff(shop).list_product())
    request = guest.checkout_request()

    counted = count(lambda: guest.check_out(request, new_key()).raise_for_status())

    calls = counted["calls"]
    assert calls["dynamodb:TransactGetItems"] == calls["AWSStepFunctions:StartExecution"] == 1
    notification_batches = consumer_runs("Notification", counted)
    # One of checkout, one of the workflow; the others read the contacts of a batch.
    assert calls["dynamodb:BatchGetItem"] == 2 + notification_batches
    timeline_batches = consumer_runs("Timeline", counted)
    assert calls["dynamodb:Query"] == 3 + timeline_batches  # two of checkout: lines and options
    assert calls["dynamodb:TransactWriteItems"] == 5  # checkout, order, hold, payment, confirmation
    assert calls["dynamodb:UpdateItem"] == 3  # stock sold, both emails sent
    assert (counted["events"], counted["sqs_records"]) == (5, 9)  # five records are timeline's
    # The recent events that timeline writes with each batch take one unit or two.
    timeline_units = counted["write_units"] - 58
    assert 5 + timeline_batches <= timeline_units <= 5 + 2 * timeline_batches
    assert (counted["executions"], counted["transitions"]) == (1, 7)
    assert calls["ses:SendEmail"] == 2  # received, confirmed


def test_a_page_costs_the_same_for_any_number_of_products(
    shop: RunningShop, count: Callable[[Callable[[], object]], dict[str, Any]]
) -> None:
    staff, guest = Staff(shop), Guest(shop)

    def page() -> None:
        guest.http.get("/products", params={"limit": 2, "category": "Tests"}).raise_for_status()

    for _ in range(3):
        staff.list_product()
    units_of_few = count(page)["read_units"]
    for _ in range(20):
        staff.list_product()

    assert count(page)["read_units"] == units_of_few


def test_nothing_is_counted_after_the_count_has_ended(shop: RunningShop) -> None:
    sku = Staff(shop).list_product()
    with httpx.Client(base_url=shop.endpoint, auth=RootSignature(shop.state)) as http:
        http.post(PATH)
        http.delete(PATH)

        Guest(shop).http.get(f"/products/{sku}").raise_for_status()

        assert http.get(PATH).json().get("http_requests", 0) == 0
