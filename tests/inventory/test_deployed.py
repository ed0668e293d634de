"""The room as it is deployed: its functions may do what they must, and are told apart."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest

from local.shop import Running
from souk.inventory.commands import CommitStock, ReleaseStock, ReserveStock
from souk.inventory.plans import AT_ONCE
from souk.kernel import aws, dynamo
from souk.kernel.ids import new_id
from souk.kernel.items import to_item
from tests.deployed import AskedInVain, ask, function
from tests.inventory.builders import lines
from tests.journeys.visitor import Guest, Staff, new_key, until

pytestmark = pytest.mark.cloud


def receive(staff: Staff, sku: str, quantity: int) -> None:
    answer = staff.http.post(
        f"/staff/stock/{sku}/receipts",
        json={"quantity": quantity},
        headers={"Idempotency-Key": new_key()},
    )
    assert answer.status_code == 201, answer.text


def stock(staff: Staff, sku: str) -> tuple[int, int]:
    found = staff.http.get(f"/staff/stock/{sku}").json()
    return found["received"], found["available"]


def test_an_order_is_reserved_sold_and_given_back(shop: Running) -> None:
    staff, sku, order = Staff(shop), f"T-{token_hex(6)}", new_id()
    receive(staff, sku, 5)

    reserved = ask(shop, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 2})))
    committed = ask(shop, "Inventory", CommitStock(order_id=order))
    sold = stock(staff, sku)
    released = ask(shop, "Inventory", ReleaseStock(order_id=order))

    assert reserved == {"status": "reserved", "shortages": []}
    assert committed == {"status": "committed"}
    assert released == {"status": "released"}
    assert (sold, stock(staff, sku)) == ((5, 3), (5, 5))


def test_what_is_short_is_answered_with_what_there_is(shop: Running) -> None:
    sku = f"T-{token_hex(6)}"

    answer = ask(shop, "Inventory", ReserveStock(order_id=new_id(), lines=lines(**{sku: 2})))

    assert answer["status"] == "rejected"
    assert answer["shortages"] == [{"sku": sku, "wanted": 2, "available": 0}]


def test_what_cannot_be_done_has_a_name_the_workflow_can_catch(shop: Running) -> None:
    order, sku = new_id(), f"T-{token_hex(6)}"
    receive(Staff(shop), sku, 5)
    ask(shop, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 2})))

    with pytest.raises(AskedInVain, match="OtherLines"):
        ask(shop, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 3})))


def test_a_large_order_is_held_and_given_back_by_the_function(shop: Running) -> None:
    staff, order = Staff(shop), new_id()
    skus = [f"T-{token_hex(6)}" for _ in range(AT_ONCE + 5)]
    with ThreadPoolExecutor(4) as hands:
        list(hands.map(lambda sku: receive(staff, sku, 3), skus))

    wanted = lines(**dict.fromkeys(skus, 1))
    answer = ask(shop, "Inventory", ReserveStock(order_id=order, lines=wanted))
    held = {stock(staff, sku) for sku in skus}
    ask(shop, "Inventory", ReleaseStock(order_id=order))

    assert answer["status"] == "reserved"
    assert (held, {stock(staff, sku) for sku in skus}) == ({(3, 2)}, {(3, 3)})


def let_the_lease_end(shop: Running, order: str) -> None:
    aws.dynamodb().update_item(
        TableName=shop.outputs["InventoryTable"],
        Key=dynamo.key(f"HOLD#{order}", "HEAD"),
        UpdateExpression="SET lease_ends = :past",
        ExpressionAttributeValues=to_item({":past": "2026-01-01T00:00:00.000Z"}),
    )


def test_the_clocks_function_lets_go_of_what_lapsed(in_function: Running) -> None:
    staff, sku, order = Staff(in_function), f"T-{token_hex(6)}", new_id()
    receive(staff, sku, 5)
    ask(in_function, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 2})))
    let_the_lease_end(in_function, order)

    sweep = function(in_function, "InventoryLeases")
    swept = in_function.session().client("lambda").invoke(FunctionName=sweep, Payload=b"{}")

    assert "FunctionError" not in swept
    assert stock(staff, sku) == (5, 5)
    assert ask(in_function, "Inventory", CommitStock(order_id=order)) == {"status": "lapsed"}


@pytest.mark.all
@pytest.mark.timeout(240)
def test_nobody_has_to_ask_for_the_sweep(in_function: Running) -> None:
    staff, sku, order = Staff(in_function), f"T-{token_hex(6)}", new_id()
    receive(staff, sku, 5)
    ask(in_function, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 2})))
    let_the_lease_end(in_function, order)

    deadline = time.monotonic() + 150
    while stock(staff, sku) == (5, 3) and time.monotonic() < deadline:
        time.sleep(1)

    assert stock(staff, sku) == (5, 5)


def test_a_product_that_runs_out_is_noted_refused_and_sold_again(shop: Running) -> None:
    staff, guest, order = Staff(shop), Guest(shop), new_id()
    sku = staff.list_product(stock=0)
    receive(staff, sku, 1)
    guest.put(sku)
    ask(shop, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 1})))
    until("the note", lambda: guest.basket()["lines"][0]["notes"] == [{"kind": "sold-out"}])

    refused = guest.check_out(guest.wish(), new_key())
    ask(shop, "Inventory", ReleaseStock(order_id=order))
    until("the note's end", lambda: guest.basket()["lines"][0]["notes"] == [])
    accepted = guest.check_out(guest.wish(), new_key())

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/sold-out")
    assert refused.json()["skus"] == [sku]
    assert accepted.status_code == 202


def test_stock_is_for_staff(shop: Running) -> None:
    guest = Guest(shop)

    assert guest.http.get("/staff/stock").status_code == 401
