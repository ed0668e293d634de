"""Receipts, adjustments and the list of stock, in memory and on DynamoDB."""

from __future__ import annotations

import pytest

from souk.inventory import handlers, usecases
from souk.inventory.domain import InsufficientStock, Stock
from souk.inventory.usecases import MAX_ATTEMPTS, reserve_stock
from souk.kernel.errors import Busy, IdempotencyKeyReused, InvalidQuery, NotFound
from tests.inventory.builders import adjust, lines, receive
from tests.inventory.fakes import (
    Inventory,
    StoredInventory,
    assert_balanced,
    availability_events,
    available,
)
from tests.kernel.logs import capture_log


def test_a_sku_that_was_never_received_has_no_stock(inventory: Inventory) -> None:
    assert inventory.load_movement("LAMP", "key-1") == (None, Stock(sku="LAMP"))


def test_a_movement_is_stored_with_all_its_fields(inventory: Inventory) -> None:
    receipt = receive(inventory, "LAMP", 7, key="key-1")
    adjustment = adjust(inventory, "LAMP", -2, key="key-2", note="broken")

    assert inventory.load_movement("LAMP", "key-1")[0] == receipt
    assert inventory.load_movement("LAMP", "key-2") == (
        adjustment,
        Stock(sku="LAMP", received=5, available=5, availability_version=1),
    )


def test_a_repeated_receipt_adds_nothing_even_when_all_stock_is_sold(inventory: Inventory) -> None:
    first = receive(inventory, "LAMP", 7, key="key-1")
    reserve_stock("o-1", lines(LAMP=7), holds=inventory)

    assert receive(inventory, "LAMP", 7, key="key-1") == first

    assert available(inventory) == 0
    with pytest.raises(IdempotencyKeyReused):
        receive(inventory, "LAMP", 8, key="key-1")


def test_concurrent_requests_with_one_key_are_one_receipt(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 7, key="key-0")
    inventory.faults.concurrent_actions = [lambda: receive(inventory, "LAMP", 7, key="key-1")]

    receive(inventory, "LAMP", 7, key="key-1")

    assert available(inventory) == 14
    assert_balanced(inventory, "LAMP")


def test_reserved_stock_cannot_be_removed(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    reserve_stock("o-1", lines(LAMP=3), holds=inventory)

    with pytest.raises(InsufficientStock) as error:
        adjust(inventory, "LAMP", -3)

    assert error.value.members == {"available": 2}
    assert_balanced(inventory, "LAMP")


def test_stock_reserved_during_an_adjustment_is_not_removed(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    inventory.faults.concurrent_actions = [
        lambda: reserve_stock("o-1", lines(LAMP=3), holds=inventory)
    ]

    with pytest.raises(InsufficientStock):
        adjust(inventory, "LAMP", -3)

    assert_balanced(inventory, "LAMP")


def test_of_two_concurrent_first_receipts_one_publishes_the_replenishment(
    inventory: Inventory,
) -> None:
    inventory.faults.concurrent_actions = [lambda: receive(inventory, "LAMP", 2)]

    receive(inventory, "LAMP", 3)

    assert available(inventory) == 5
    assert [event.availability_version for event in availability_events(inventory)] == [1]


def test_a_receipt_fails_with_busy_after_too_many_concurrent_updates(inventory: Inventory) -> None:
    def deplete_or_replenish() -> None:
        quantity = 2 if available(inventory) == 0 else -2
        adjust(inventory, "LAMP", quantity)

    inventory.faults.concurrent_actions = [deplete_or_replenish] * MAX_ATTEMPTS

    with pytest.raises(Busy):
        receive(inventory, "LAMP", 3)

    assert_balanced(inventory, "LAMP")


@pytest.mark.cloud
def test_stock_is_listed_by_sku_page_by_page(stored: StoredInventory) -> None:
    for number in (3, 1, 5, 2, 4):
        receive(stored, f"SKU-{number}", number)

    first = stored.page(2, None)
    second = stored.page(2, first.next)
    last = stored.page(2, second.next)

    listed = [*first.stock, *second.stock, *last.stock]
    assert [(each.sku, each.available) for each in listed] == [
        (f"SKU-{number}", number) for number in (1, 2, 3, 4, 5)
    ]
    assert last.next is None
    assert stored.page(5, None).next is None
    with pytest.raises(InvalidQuery):
        stored.page(2, "SKU~1")


@pytest.mark.cloud
def test_the_stock_of_one_sku_is_read(stored: StoredInventory) -> None:
    receive(stored, "LAMP", 3)

    assert stored.get("LAMP") == Stock(sku="LAMP", received=3, available=3, availability_version=1)
    with pytest.raises(NotFound):
        stored.get("RUG")


def test_a_hold_that_cannot_be_expired_is_logged_and_does_not_stop_the_reconciler(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempted: list[str] = []

    def expire_hold(order_id: str, **_: object) -> None:
        attempted.append(order_id)
        if order_id == "o-1":
            raise Busy("not now")

    monkeypatch.setattr(handlers, "inventory", lambda: inventory)
    monkeypatch.setattr(inventory, "expired_holds", lambda *_: ["o-1", "o-2"])
    monkeypatch.setattr(usecases, "expire_hold", expire_hold)

    with capture_log() as log, pytest.raises(handlers.HoldsNotExpired):
        handlers.expire_holds()

    assert attempted == ["o-1", "o-2"]
    assert [line["order_id"] for line in log if line["level"] == "ERROR"] == ["o-1"]
