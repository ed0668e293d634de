"""A day of orders is replayed in the whole shop, and the report notices faults."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from cli.replay import Day, ReplayReport, read_day, replay
from cli.replay.client import Client, RetryPolicy
from cli.replay.runner import ReplayRunner
from cli.shop_internals import AwsShopInternals
from local import demo_users
from local.cloud import STACK
from local.secret import load_secret
from local.shop import RunningShop
from souk.kernel.ids import new_id
from tests.journeys.visitor import Staff, wait_until

pytestmark = pytest.mark.cloud

DEMO_DAY = Path(__file__).resolve().parents[2] / "demo" / "day.csv"


@pytest.mark.timeout(600)
def test_the_demo_day_balances_and_a_second_replay_creates_no_second_order(
    shop: RunningShop,
) -> None:
    day = read_day(DEMO_DAY)

    first = _replay(shop, day)
    second = _replay(shop, day)

    for report in (first, second):
        assert not report.discrepancies
        assert report.balanced
        assert report.confirmed == 127
        assert (report.delivered, report.cancelled, report.returns) == (125, 2, 5)
        assert report.money.captured - report.money.refunded == report.money.kept
        assert report.stock.received == report.stock.available + report.stock.sold
        assert report.rejected.get("payment-declined") == 2
        # Five orders want the last three items. Two fail: at checkout, or by a rejection.
        out_of_stock = report.refused.get("sold-out", 0), report.rejected.get("out-of-stock", 0)
        assert sum(out_of_stock) == 2
    assert first.orders_in_table == second.orders_in_table == first.placed


def test_the_report_of_a_replay_notices_a_lost_event(shop: RunningShop, tmp_path: Path) -> None:
    day = _small_day(tmp_path)
    events = shop.session().client("events")
    bus = shop.outputs["BusName"]
    names = [rule["Name"] for rule in events.list_rules(EventBusName=bus)["Rules"]]
    (rule,) = (name for name in names if "OrderingSubscriptions" in name)

    events.disable_rule(Name=rule, EventBusName=bus)
    try:
        report = _replay_with_short_timeout(shop, day)
    finally:
        events.enable_rule(Name=rule, EventBusName=bus)

    assert not report.balanced
    assert report.as_json()["unaccounted"] == 1


def test_the_report_of_a_replay_notices_a_duplicate_event(
    shop: RunningShop, tmp_path: Path
) -> None:
    day = _small_day(tmp_path)
    assert _replay(shop, day).balanced

    duplicate = _publish_last_checkout_again(shop)
    wait_until("the duplicate order", lambda: _is_stored(shop, duplicate))
    report = _replay(shop, day)

    assert not report.balanced
    assert report.as_json()["duplicates"] == 1


@pytest.mark.all
@pytest.mark.data
@pytest.mark.timeout(900)
def test_the_real_days_balance(shop: RunningShop, retail_days: list[Path]) -> None:
    assert retail_days
    for path in retail_days:
        report = _replay(shop, read_day(path))

        assert not report.discrepancies
        assert report.balanced


@pytest.mark.all
@pytest.mark.data
@pytest.mark.timeout(600)
def test_the_real_catalogue_is_listed_and_paged(shop: RunningShop, data_folder: Path) -> None:
    staff = Staff(shop)
    products = _read_products(data_folder / "catalog.jsonl")

    for product in products:
        response = staff.http.post("/staff/products", json=_product_request(product))
        assert response.status_code == 201, response.text
    listed = _list_all_skus(staff.http)

    assert len(products) == 2465
    assert {product["id"] for product in products} <= set(listed)
    assert len(listed) == len(set(listed))


def _replay(shop: RunningShop, day: Day) -> ReplayReport:
    return replay(
        day,
        base_url=shop.urls["storefront"],
        staff_token=lambda: demo_users.sign_in(shop, "sam"),
        internals=AwsShopInternals(shop.session(), STACK),
        secret=load_secret(shop.state),
        concurrency=4,
        progress=lambda _done, _total: None,
    )


def _replay_with_short_timeout(shop: RunningShop, day: Day) -> ReplayReport:
    async def run() -> ReplayReport:
        async with httpx.AsyncClient(base_url=shop.urls["storefront"], trust_env=False) as http:
            client = Client(http, RetryPolicy(order_timeout_seconds=2))
            internals = AwsShopInternals(shop.session(), STACK)
            runner = ReplayRunner(
                day, client, internals, load_secret(shop.state), 1, lambda _done, _total: None
            )
            return await runner.run(lambda: demo_users.sign_in(shop, "sam"))

    return asyncio.run(run())


def _small_day(folder: Path) -> Day:
    """A day with one invoice, of a product that no other test uses."""
    file = folder / "day.csv"
    number = int(new_id()[-8:], 16)
    file.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        f"{number},{number},LAMP,2,2011-05-05 10:00:00,1.25,,United Kingdom\n"
    )
    return read_day(file)


def _publish_last_checkout_again(shop: RunningShop) -> str:
    """Publish the newest order's checkout with another order id. Returns that id."""
    dynamodb = shop.session().client("dynamodb")
    heads = dynamodb.scan(
        TableName=shop.outputs["OrderingTable"],
        FilterExpression="sk = :head",
        ExpressionAttributeValues={":head": {"S": "HEAD"}},
    )["Items"]
    last = max(heads, key=lambda head: head["order_id"]["S"])
    amount = int(last["subtotal"]["N"])
    order_id = new_id()
    data = {
        "order_id": order_id,
        "owner": last["owner"]["S"],
        "contact_id": new_id(),
        "lines": [{"sku": "T-1", "name": "L", "quantity": 1, "unit_price": _pounds(amount)}],
        "shipping_option": "standard",
        "shipping": _pounds(0),
        "total": _pounds(amount),
        "payment_token": "tok_test",
        "checked_out_at": last["placed_at"]["S"],
    }
    detail = {"id": new_id(), "time": "", "correlation_id": "duplicate", "data": data}
    shop.session().client("events").put_events(
        Entries=[
            {
                "EventBusName": shop.outputs["BusName"],
                "Source": "souk.basket",
                "DetailType": "BasketCheckedOut",
                "Detail": json.dumps(detail),
            }
        ]
    )
    return order_id


def _is_stored(shop: RunningShop, order_id: str) -> bool:
    response = (
        shop.session()
        .client("dynamodb")
        .get_item(
            TableName=shop.outputs["OrderingTable"],
            Key={"pk": {"S": f"ORDER#{order_id}"}, "sk": {"S": "HEAD"}},
        )
    )
    return "Item" in response


def _pounds(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "GBP"}


def _read_products(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def _product_request(product: dict[str, object]) -> dict[str, object]:
    pence = int(Decimal(str(product["price"])) * 100)
    return {
        "sku": product["id"],
        "name": product["name"],
        "category": product["category"],
        "description": product["description"],
        "price": _pounds(pence),
        "weight_grams": 0,
    }


def _list_all_skus(http: httpx.Client) -> list[str]:
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = http.get("/products", params=params).json()
        listed += [product["sku"] for product in page["items"]]
        cursor = page["next"]
    return listed
