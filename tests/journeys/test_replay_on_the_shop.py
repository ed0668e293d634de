"""The main job: a day of orders through the whole shop, and books that notice what goes wrong."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from cli.backstage import AwsBackstage
from cli.replay import Books, Day, read_day, replay
from cli.replay.client import Client, Patience
from cli.replay.play import Play
from local import people
from local.cloud import STACK
from local.secret import secret
from local.shop import Running
from souk.kernel.ids import new_id
from tests.journeys.visitor import Staff, until

pytestmark = pytest.mark.cloud

DEMO_DAY = Path(__file__).resolve().parents[2] / "demo" / "day.csv"


@pytest.mark.timeout(600)
def test_the_authored_day_balances_and_a_second_replay_makes_no_second_order(
    shop: Running,
) -> None:
    day = read_day(DEMO_DAY)

    first = _play(shop, day)
    second = _play(shop, day)

    for books in (first, second):
        assert not books.discrepancies
        assert books.balanced
        assert books.confirmed == 127
        assert (books.delivered, books.cancelled, books.returns) == (125, 2, 5)
        assert books.money.captured - books.money.refunded == books.money.kept
        assert books.stock.received == books.stock.available + books.stock.sold
        assert books.rejected.get("payment-declined") == 2
        # of five who want the last three, two are told so: at checkout, or by a rejected order
        late = books.refused.get("sold-out", 0), books.rejected.get("out-of-stock", 0)
        assert sum(late) == 2
    assert first.orders_in_table == second.orders_in_table == first.placed


def test_a_fact_dropped_on_purpose_makes_the_books_fail(shop: Running, tmp_path: Path) -> None:
    day = _small_day(tmp_path)
    events = shop.session().client("events")
    bus = shop.outputs["BusName"]
    (rule,) = (
        each["Name"]
        for each in events.list_rules(EventBusName=bus)["Rules"]
        if "OrderingHears" in each["Name"]
    )

    events.disable_rule(Name=rule, EventBusName=bus)
    try:
        books = _play_impatiently(shop, day)
    finally:
        events.enable_rule(Name=rule, EventBusName=bus)

    assert not books.balanced
    assert books.as_json()["unaccounted"] == 1


def test_a_fact_doubled_on_purpose_makes_the_books_fail(shop: Running, tmp_path: Path) -> None:
    day = _small_day(tmp_path)
    assert _play(shop, day).balanced

    doubled = _order_the_last_checkout_again(shop)
    until("the doubled order", lambda: _is_stored(shop, doubled))
    books = _play(shop, day)

    assert not books.balanced
    assert books.as_json()["duplicates"] == 1


@pytest.mark.all
@pytest.mark.data
@pytest.mark.timeout(900)
def test_the_real_days_balance(shop: Running, retail_days: list[Path]) -> None:
    assert retail_days
    for path in retail_days:
        books = _play(shop, read_day(path))

        assert not books.discrepancies
        assert books.balanced


@pytest.mark.all
@pytest.mark.data
@pytest.mark.timeout(600)
def test_the_real_catalogue_is_listed_and_paged(shop: Running, data_folder: Path) -> None:
    staff = Staff(shop)
    wanted = _products_in(data_folder / "catalog.jsonl")

    for product in wanted:
        answer = staff.http.post("/staff/products", json=_as_product(product))
        assert answer.status_code == 201, answer.text
    listed = _all_pages(staff.http)

    assert len(wanted) == 2465
    assert {product["id"] for product in wanted} <= set(listed)
    assert len(listed) == len(set(listed))


def _play(shop: Running, day: Day) -> Books:
    return replay(
        day,
        base_url=shop.urls["storefront"],
        staff_token=lambda: people.token(shop, "sam"),
        backstage=AwsBackstage(shop.session(), STACK),
        secret=secret(shop.state),
        concurrency=4,
        progress=lambda _done, _total: None,
    )


def _play_impatiently(shop: Running, day: Day) -> Books:
    async def play() -> Books:
        async with httpx.AsyncClient(base_url=shop.urls["storefront"], trust_env=False) as http:
            client = Client(http, Patience(order=2))
            backstage = AwsBackstage(shop.session(), STACK)
            ours = Play(day, client, backstage, secret(shop.state), 1, lambda _done, _total: None)
            return await ours.run(lambda: people.token(shop, "sam"))

    return asyncio.run(play())


def _small_day(folder: Path) -> Day:
    """One invoice of its own, of a product nobody else sells."""
    file = folder / "day.csv"
    number = int(new_id()[-8:], 16)
    file.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        f"{number},{number},LAMP,2,2011-05-05 10:00:00,1.25,,United Kingdom\n"
    )
    return read_day(file)


def _order_the_last_checkout_again(shop: Running) -> str:
    """Say the newest order's checkout once more, under another order id."""
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
    detail = {"id": new_id(), "time": "", "correlation_id": "doubled", "data": data}
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


def _is_stored(shop: Running, order_id: str) -> bool:
    found = (
        shop.session()
        .client("dynamodb")
        .get_item(
            TableName=shop.outputs["OrderingTable"],
            Key={"pk": {"S": f"ORDER#{order_id}"}, "sk": {"S": "HEAD"}},
        )
    )
    return "Item" in found


def _pounds(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "GBP"}


def _products_in(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def _as_product(product: dict[str, object]) -> dict[str, object]:
    pence = int(Decimal(str(product["price"])) * 100)
    return {
        "sku": product["id"],
        "name": product["name"],
        "category": product["category"],
        "description": product["description"],
        "price": _pounds(pence),
        "weight_grams": 0,
    }


def _all_pages(http: httpx.Client) -> list[str]:
    listed: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = http.get("/products", params=params).json()
        listed += [product["sku"] for product in page["items"]]
        cursor = page["next"]
    return listed
