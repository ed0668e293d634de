"""The deployed service: its functions, their permissions and their errors."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest

from local.shop import RunningShop
from souk.inventory.commands import CommitStock, ReleaseStock, ReserveStock
from souk.inventory.plans import MAX_ACTIONS_PER_STEP
from souk.kernel import aws, dynamo
from souk.kernel.ids import new_id
from souk.kernel.items import to_item
from tests.deployed import FunctionFailed, function_name, invoke_command
from tests.inventory.builders import lines
from tests.journeys.visitor import Guest, Staff, new_key, wait_until

pytestmark = pytest.mark.cloud


def receive(staff: Staff, sku: str, quantity: int) -> None:
    response = staff.http.post(
        f"/staff/stock/{sku}/receipts",
        json={"quantity": quantity},
        headers={"Idempotency-Key": new_key()},
    )
    assert response.status_code == 201, response.text


def received_and_available(staff: Staff, sku: str) -> tuple[int, int]:
    body = staff.http.get(f"/staff/stock/{sku}").json()
    return body["received"], body["available"]


def test_stock_is_reserved_sold_and_released(shop: RunningShop) -> None:
    staff, sku, order = Staff(shop), f"T-{token_hex(6)}", new_id()
    receive(staff, sku, 5)

    reserved = invoke_command(
        shop, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 2}))
    )
    committed = invoke_command(shop, "Inventory", CommitStock(order_id=order))
    sold = received_and_available(staff, sku)
    released = invoke_command(shop, "Inventory", ReleaseStock(order_id=order))

    assert reserved == {"status": "reserved", "shortages": []}
    assert committed == {"status": "committed"}
    assert released == {"status": "released"}
    assert (sold, received_and_available(staff, sku)) == ((5, 3), (5, 5))


def test_a_rejection_states_the_available_quantity(shop: RunningShop) -> None:
    sku = f"T-{token_hex(6)}"

    result = invoke_command(
        shop, "Inventory", ReserveStock(order_id=new_id(), lines=lines(**{sku: 2}))
    )

    assert result["status"] == "rejected"
    assert result["shortages"] == [{"sku": sku, "requested": 2, "available": 0}]


def test_a_failed_command_reports_the_name_of_its_exception(shop: RunningShop) -> None:
    order, sku = new_id(), f"T-{token_hex(6)}"
    receive(Staff(shop), sku, 5)
    invoke_command(shop, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 2})))

    with pytest.raises(FunctionFailed, match="LinesMismatch"):
        invoke_command(shop, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 3})))


def test_a_large_order_is_reserved_and_released(shop: RunningShop) -> None:
    staff, order = Staff(shop), new_id()
    skus = [f"T-{token_hex(6)}" for _ in range(MAX_ACTIONS_PER_STEP + 5)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda sku: receive(staff, sku, 3), skus))

    order_lines = lines(**dict.fromkeys(skus, 1))
    result = invoke_command(shop, "Inventory", ReserveStock(order_id=order, lines=order_lines))
    reserved = {received_and_available(staff, sku) for sku in skus}
    invoke_command(shop, "Inventory", ReleaseStock(order_id=order))

    assert result["status"] == "reserved"
    assert (reserved, {received_and_available(staff, sku) for sku in skus}) == ({(3, 2)}, {(3, 3)})


def end_lease(shop: RunningShop, order: str) -> None:
    aws.dynamodb().update_item(
        TableName=shop.outputs["InventoryTable"],
        Key=dynamo.key(f"HOLD#{order}", "HEAD"),
        UpdateExpression="SET lease_expires_at = :past",
        ExpressionAttributeValues=to_item({":past": "2026-01-01T00:00:00.000Z"}),
    )


def test_the_reconciler_expires_holds(lambda_env: RunningShop) -> None:
    staff, sku, order = Staff(lambda_env), f"T-{token_hex(6)}", new_id()
    receive(staff, sku, 5)
    invoke_command(lambda_env, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 2})))
    end_lease(lambda_env, order)

    reconciler = function_name(lambda_env, "InventoryHoldExpiry")
    response = lambda_env.session().client("lambda").invoke(FunctionName=reconciler, Payload=b"{}")

    assert "FunctionError" not in response
    assert received_and_available(staff, sku) == (5, 5)
    assert invoke_command(lambda_env, "Inventory", CommitStock(order_id=order)) == {
        "status": "expired"
    }


@pytest.mark.all
@pytest.mark.timeout(240)
def test_the_reconciler_runs_on_a_schedule(lambda_env: RunningShop) -> None:
    staff, sku, order = Staff(lambda_env), f"T-{token_hex(6)}", new_id()
    receive(staff, sku, 5)
    invoke_command(lambda_env, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 2})))
    end_lease(lambda_env, order)

    deadline = time.monotonic() + 150
    while received_and_available(staff, sku) == (5, 3) and time.monotonic() < deadline:
        time.sleep(1)

    assert received_and_available(staff, sku) == (5, 5)


def test_a_sold_out_product_is_noted_rejected_and_sold_again(shop: RunningShop) -> None:
    staff, guest, order = Staff(shop), Guest(shop), new_id()
    sku = staff.list_product(stock=0)
    receive(staff, sku, 1)
    guest.put(sku)
    invoke_command(shop, "Inventory", ReserveStock(order_id=order, lines=lines(**{sku: 1})))
    wait_until("the note", lambda: guest.basket()["lines"][0]["notes"] == [{"type": "sold-out"}])

    rejected = guest.check_out(guest.checkout_request(), new_key())
    invoke_command(shop, "Inventory", ReleaseStock(order_id=order))
    wait_until("the end of the note", lambda: guest.basket()["lines"][0]["notes"] == [])
    accepted = guest.check_out(guest.checkout_request(), new_key())

    assert (rejected.status_code, rejected.json()["type"]) == (409, "/problems/sold-out")
    assert rejected.json()["skus"] == [sku]
    assert accepted.status_code == 202


def test_only_staff_can_read_stock(shop: RunningShop) -> None:
    guest = Guest(shop)

    assert guest.http.get("/staff/stock").status_code == 401
