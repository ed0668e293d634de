"""An order that was placed is confirmed, or undone and rejected, through the whole shop."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cli.audit import AwsShop, audit
from local.cloud import STACK
from local.shop import Running
from tests.journeys.visitor import Guest, Staff, new_key, until

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def staff(shop: Running) -> Staff:
    return Staff(shop)


def bought(shop: Running, staff: Staff, token: str = "tok_ok", **product: int) -> Any:
    sku = staff.list_product(**product)
    guest = Guest(shop)
    guest.put(sku, 2)
    return guest.sees_decided(guest.buys(token)), staff.stock(sku)


def test_an_order_is_confirmed_and_its_goods_are_taken(shop: Running, staff: Staff) -> None:
    order, stock = bought(shop, staff, stock=5)

    assert order["status"] == "confirmed"
    assert [step["status"] for step in order["history"]] == ["placed", "confirmed"]
    assert (stock["received"], stock["available"]) == (5, 3)


@pytest.mark.parametrize(
    ("token", "detail"),
    [
        ("tok_declined", "card-declined"),
        ("tok_insufficient_funds", "insufficient-funds"),
    ],
)
def test_a_declined_payment_rejects_the_order_and_gives_its_goods_back(
    shop: Running, staff: Staff, token: str, detail: str
) -> None:
    order, stock = bought(shop, staff, token, stock=5)

    assert order["status"] == "rejected"
    assert order["rejection"]["reason"] == "payment-declined"
    assert order["rejection"]["detail"] == detail
    assert stock["available"] == 5


@pytest.mark.parametrize("token", ["tok_slow", "tok_timeout", "tok_lost", "tok_late", "tok_twice"])
def test_a_payment_with_trouble_is_settled_by_asking(
    shop: Running, staff: Staff, token: str
) -> None:
    order, stock = bought(shop, staff, token, stock=5)

    assert order["status"] == "confirmed"
    assert stock["available"] == 3


def test_what_is_not_there_is_not_sold(shop: Running, staff: Staff) -> None:
    order, stock = bought(shop, staff, stock=1)

    assert order["status"] == "rejected"
    assert order["rejection"]["reason"] == "out-of-stock"
    assert len(order["rejection"]["skus"]) == 1
    assert stock["available"] == 1


def test_two_tabs_that_check_out_one_basket_make_one_order(shop: Running, staff: Staff) -> None:
    sku = staff.list_product(stock=10)
    guest = Guest(shop)
    guest.put(sku, 2)
    wish = guest.wish()

    with ThreadPoolExecutor(2) as tabs:
        answers = list(tabs.map(lambda key: guest.check_out(wish, key), [new_key(), new_key()]))

    assert sorted(answer.status_code for answer in answers) == [202, 409]
    won = next(answer for answer in answers if answer.status_code == 202)
    assert guest.sees_decided(won.json()["order_id"])["status"] == "confirmed"
    assert len(guest.orders()) == 1
    assert staff.stock(sku)["available"] == 8


def test_a_price_changed_between_page_and_checkout_is_told_and_then_accepted(
    shop: Running, staff: Staff
) -> None:
    sku = staff.list_product(price=1000)
    guest = Guest(shop)
    guest.put(sku, 2)
    old = guest.wish()
    _change(staff, sku, "price", {"price": {"amount": 1500, "currency": "GBP"}})
    until("the new price", lambda: guest.basket()["subtotal"]["amount"] == 3000)

    refused = guest.check_out(old, new_key())

    assert refused.status_code == 409
    assert refused.json()["changes"] == [
        {
            "sku": sku,
            "was": {"amount": 1000, "currency": "GBP"},
            "now": {"amount": 1500, "currency": "GBP"},
        }
    ]
    order = guest.sees_decided(guest.buys())
    assert (order["status"], order["subtotal"]["amount"]) == ("confirmed", 3000)


def test_a_product_gone_between_put_and_checkout_is_told(shop: Running, staff: Staff) -> None:
    sku = staff.list_product()
    guest = Guest(shop)
    guest.put(sku, 1)
    wish = guest.wish()
    _change(staff, sku, "delisting", None)
    until("the note", lambda: "delisted" in {note["kind"] for note in guest.notes()})

    refused = guest.check_out(wish, new_key())

    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["type"], problem["skus"]) == ("/problems/product-delisted", [sku])


def test_a_basket_hears_that_its_product_is_sold_out(shop: Running, staff: Staff) -> None:
    sku = staff.list_product(stock=1)
    first, second = Guest(shop), Guest(shop)
    for guest in (first, second):
        guest.put(sku, 1)
    assert first.sees_decided(first.buys())["status"] == "confirmed"

    def noted() -> bool:
        return "sold-out" in {note["kind"] for note in second.notes()}

    until("the note", noted)
    refused = second.check_out(second.wish(), new_key())

    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/sold-out"
    staff.receive(sku, 5)
    until("stock again", lambda: not noted())
    assert second.sees_decided(second.buys())["status"] == "confirmed"


def test_an_order_of_many_lines_is_held_whole_or_not_at_all(shop: Running, staff: Staff) -> None:
    skus = [staff.list_product(price=100 + number, stock=3) for number in range(120)]
    short = staff.list_product(stock=0)
    served, refused = Guest(shop), Guest(shop)
    for sku in skus:
        served.put(sku, 1)
        refused.put(sku, 1)
    refused.put(short, 1)

    kept = served.sees_decided(served.buys())
    undone = refused.sees_decided(refused.buys())

    assert kept["status"] == "confirmed"
    assert undone["rejection"]["skus"] == [short]
    assert {staff.stock(sku)["available"] for sku in skus} == {2}


def test_two_hundred_customers_race_for_fifty_pieces(shop: Running, staff: Staff) -> None:
    sku = staff.list_product(stock=50)
    guests = [Guest(shop) for _ in range(200)]
    with ThreadPoolExecutor(16) as crowd:
        list(crowd.map(lambda guest: guest.put(sku, 1), guests))
        wishes = list(crowd.map(lambda guest: guest.wish(), guests))

        def buy(number: int) -> str:
            guest = guests[number]
            answer = guest.check_out(wishes[number], new_key())
            if answer.status_code == 409:
                assert answer.json()["type"] == "/problems/sold-out", answer.text
                return "sold-out"
            decided: str = guest.sees_decided(answer.json()["order_id"])["status"]
            return decided

        ends = list(crowd.map(buy, range(200)))

    assert ends.count("confirmed") == 50
    assert ends.count("rejected") + ends.count("sold-out") == 150
    assert staff.stock(sku)["available"] == 0


# --- and the whole shop adds up -------------------------------------------------------------


@pytest.fixture
def damaged(shop: Running) -> Iterator[Any]:
    """Rows of the running shop, put back as they were when the test is over."""
    dynamodb = shop.session().client("dynamodb")
    before: list[tuple[str, dict[str, Any]]] = []

    def change(room: str, pk: str, sk: str, **values: Any) -> None:
        table, key = shop.outputs[f"{room}Table"], {"pk": {"S": pk}, "sk": {"S": sk}}
        item = dynamodb.get_item(TableName=table, Key=key)["Item"]
        before.append((table, item))
        if values:
            dynamodb.put_item(TableName=table, Item=item | values)
        else:
            dynamodb.delete_item(TableName=table, Key=key)

    yield change
    for table, item in before:
        dynamodb.put_item(TableName=table, Item=item)


def kinds(shop: Running, about: str) -> set[str]:
    """What the audit finds about an order or a SKU."""
    report = audit(AwsShop(shop.session(), STACK))
    found = [*report.violations, *report.pending]
    return {each.kind for each in found if about in each.ids.values()}


def test_the_audit_reads_the_shop_as_it_is_kept(shop: Running, staff: Staff, damaged: Any) -> None:
    order, _ = bought(shop, staff, stock=5)
    order_id, sku = order["order_id"], order["lines"][0]["sku"]
    until("all is said", lambda: not kinds(shop, order_id) | kinds(shop, sku))

    damaged("Inventory", f"STOCK#{sku}", "STOCK", available={"N": "4"})
    damaged("Payment", f"PAYMENT#{order_id}", "ENTRY#authorize")
    damaged("Inventory", f"HOLD#{order_id}", "HEAD", status={"S": "released"})

    assert kinds(shop, sku) == {"stock-out-of-balance"}
    assert kinds(shop, order_id) == {"ledger-does-not-add-up", "confirmed-without-stock"}


def _change(staff: Staff, sku: str, what: str, body: Any) -> None:
    version = staff.http.get(f"/products/{sku}").headers["ETag"]
    call = staff.http.put if body else staff.http.post
    options = {"json": body} if body else {}
    answer = call(f"/staff/products/{sku}/{what}", headers={"If-Match": version}, **options)
    assert answer.is_success, answer.text
