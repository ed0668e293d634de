"""A placed order is either confirmed, or rejected and compensated, in the whole shop."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cli.audit import AwsShop, audit
from local.cloud import STACK
from local.shop import RunningShop
from tests.journeys.visitor import Guest, Staff, new_key, wait_until

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def staff(shop: RunningShop) -> Staff:
    return Staff(shop)


def buy_two(shop: RunningShop, staff: Staff, token: str = "tok_ok", **product: int) -> Any:
    sku = staff.list_product(**product)
    guest = Guest(shop)
    guest.put(sku, 2)
    return guest.wait_for_decision(guest.place_order(token)), staff.stock(sku)


def test_an_order_is_confirmed_and_its_stock_is_sold(shop: RunningShop, staff: Staff) -> None:
    order, stock = buy_two(shop, staff, stock=5)

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
def test_a_declined_payment_rejects_the_order_and_releases_its_stock(
    shop: RunningShop, staff: Staff, token: str, detail: str
) -> None:
    order, stock = buy_two(shop, staff, token, stock=5)

    assert order["status"] == "rejected"
    assert order["rejection"]["reason"] == "payment-declined"
    assert order["rejection"]["detail"] == detail
    assert stock["available"] == 5


@pytest.mark.parametrize("token", ["tok_slow", "tok_timeout", "tok_lost", "tok_late", "tok_twice"])
def test_a_payment_with_an_unclear_result_is_settled_by_asking_the_provider(
    shop: RunningShop, staff: Staff, token: str
) -> None:
    order, stock = buy_two(shop, staff, token, stock=5)

    assert order["status"] == "confirmed"
    assert stock["available"] == 3


def test_an_order_beyond_the_stock_is_rejected(shop: RunningShop, staff: Staff) -> None:
    order, stock = buy_two(shop, staff, stock=1)

    assert order["status"] == "rejected"
    assert order["rejection"]["reason"] == "out-of-stock"
    assert len(order["rejection"]["skus"]) == 1
    assert stock["available"] == 1


def test_two_tabs_that_check_out_one_basket_create_one_order(
    shop: RunningShop, staff: Staff
) -> None:
    sku = staff.list_product(stock=10)
    guest = Guest(shop)
    guest.put(sku, 2)
    request = guest.checkout_request()

    with ThreadPoolExecutor(2) as tabs:
        keys = [new_key(), new_key()]
        responses = list(tabs.map(lambda key: guest.check_out(request, key), keys))

    assert sorted(response.status_code for response in responses) == [202, 409]
    accepted = next(response for response in responses if response.status_code == 202)
    assert guest.wait_for_decision(accepted.json()["order_id"])["status"] == "confirmed"
    assert len(guest.orders()) == 1
    assert staff.stock(sku)["available"] == 8


def test_a_price_change_before_checkout_is_reported_and_then_accepted(
    shop: RunningShop, staff: Staff
) -> None:
    sku = staff.list_product(price=1000)
    guest = Guest(shop)
    guest.put(sku, 2)
    outdated_request = guest.checkout_request()
    _change_product(staff, sku, "price", {"price": {"amount": 1500, "currency": "GBP"}})
    wait_until("the new price", lambda: guest.basket()["subtotal"]["amount"] == 3000)

    rejected = guest.check_out(outdated_request, new_key())

    assert rejected.status_code == 409
    assert rejected.json()["changes"] == [
        {
            "sku": sku,
            "previous_price": {"amount": 1000, "currency": "GBP"},
            "current_price": {"amount": 1500, "currency": "GBP"},
        }
    ]
    order = guest.wait_for_decision(guest.place_order())
    assert (order["status"], order["subtotal"]["amount"]) == ("confirmed", 3000)


def test_a_product_delisted_before_checkout_is_reported(shop: RunningShop, staff: Staff) -> None:
    sku = staff.list_product()
    guest = Guest(shop)
    guest.put(sku, 1)
    request = guest.checkout_request()
    _change_product(staff, sku, "delisting", None)
    wait_until("the note", lambda: "delisted" in {note["type"] for note in guest.notes()})

    rejected = guest.check_out(request, new_key())

    assert rejected.status_code == 409
    problem = rejected.json()
    assert (problem["type"], problem["skus"]) == ("/problems/product-delisted", [sku])


def test_a_basket_notes_that_its_product_is_sold_out(shop: RunningShop, staff: Staff) -> None:
    sku = staff.list_product(stock=1)
    first, second = Guest(shop), Guest(shop)
    for guest in (first, second):
        guest.put(sku, 1)
    assert first.wait_for_decision(first.place_order())["status"] == "confirmed"

    def has_note() -> bool:
        return "sold-out" in {note["type"] for note in second.notes()}

    wait_until("the note", has_note)
    rejected = second.check_out(second.checkout_request(), new_key())

    assert rejected.status_code == 409
    assert rejected.json()["type"] == "/problems/sold-out"
    staff.receive(sku, 5)
    wait_until("stock again", lambda: not has_note())
    assert second.wait_for_decision(second.place_order())["status"] == "confirmed"


def test_an_order_of_many_lines_is_reserved_completely_or_not_at_all(
    shop: RunningShop, staff: Staff
) -> None:
    skus = [staff.list_product(price=100 + number, stock=3) for number in range(120)]
    sold_out = staff.list_product(stock=0)
    first, second = Guest(shop), Guest(shop)
    for sku in skus:
        first.put(sku, 1)
        second.put(sku, 1)
    second.put(sold_out, 1)

    confirmed = first.wait_for_decision(first.place_order())
    rejected = second.wait_for_decision(second.place_order())

    assert confirmed["status"] == "confirmed"
    assert rejected["rejection"]["skus"] == [sold_out]
    assert {staff.stock(sku)["available"] for sku in skus} == {2}


def test_two_hundred_customers_compete_for_fifty_items(shop: RunningShop, staff: Staff) -> None:
    sku = staff.list_product(stock=50)
    guests = [Guest(shop) for _ in range(200)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda guest: guest.put(sku, 1), guests))
        requests = list(threads.map(lambda guest: guest.checkout_request(), guests))

        def buy(number: int) -> str:
            guest = guests[number]
            response = guest.check_out(requests[number], new_key())
            if response.status_code == 409:
                assert response.json()["type"] == "/problems/sold-out", response.text
                return "sold-out"
            status: str = guest.wait_for_decision(response.json()["order_id"])["status"]
            return status

        outcomes = list(threads.map(buy, range(200)))

    assert outcomes.count("confirmed") == 50
    assert outcomes.count("rejected") + outcomes.count("sold-out") == 150
    assert staff.stock(sku)["available"] == 0


# --- the audit ------------------------------------------------------------------------------


@pytest.fixture
def change_row(shop: RunningShop) -> Iterator[Any]:
    """Changes or deletes a row of the running shop. The row is restored after the test."""
    dynamodb = shop.session().client("dynamodb")
    originals: list[tuple[str, dict[str, Any]]] = []

    def change(service: str, pk: str, sk: str, **values: Any) -> None:
        table, key = shop.outputs[f"{service}Table"], {"pk": {"S": pk}, "sk": {"S": sk}}
        item = dynamodb.get_item(TableName=table, Key=key)["Item"]
        originals.append((table, item))
        if values:
            dynamodb.put_item(TableName=table, Item=item | values)
        else:
            dynamodb.delete_item(TableName=table, Key=key)

    yield change
    for table, item in originals:
        dynamodb.put_item(TableName=table, Item=item)


def failed_checks(shop: RunningShop, subject: str) -> set[str]:
    """The audit's checks that fail for an order id or a SKU."""
    report = audit(AwsShop(shop.session(), STACK))
    findings = [*report.violations, *report.pending]
    return {finding.check for finding in findings if subject in finding.ids.values()}


def test_the_audit_finds_changes_of_stored_rows(
    shop: RunningShop, staff: Staff, change_row: Any
) -> None:
    order, _ = buy_two(shop, staff, stock=5)
    order_id, sku = order["order_id"], order["lines"][0]["sku"]
    wait_until(
        "the audit to find nothing",
        lambda: not failed_checks(shop, order_id) | failed_checks(shop, sku),
    )

    change_row("Inventory", f"STOCK#{sku}", "STOCK", available={"N": "4"})
    change_row("Payment", f"PAYMENT#{order_id}", "ENTRY#authorize")
    change_row("Inventory", f"HOLD#{order_id}", "HEAD", status={"S": "released"})

    assert failed_checks(shop, sku) == {"stock-out-of-balance"}
    assert failed_checks(shop, order_id) == {"ledger-mismatch", "confirmed-without-stock"}


def _change_product(staff: Staff, sku: str, action: str, body: Any) -> None:
    version = staff.http.get(f"/products/{sku}").headers["ETag"]
    send = staff.http.put if body else staff.http.post
    options = {"json": body} if body else {}
    response = send(f"/staff/products/{sku}/{action}", headers={"If-Match": version}, **options)
    assert response.is_success, response.text
