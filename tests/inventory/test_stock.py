"""Receipts, adjustments and lists of stock, wherever they are kept."""

from __future__ import annotations

import pytest

from souk.inventory import handlers, usecases
from souk.inventory.domain import KeyReused, NotEnoughFree, Stock
from souk.inventory.usecases import TRIES, reserve_stock
from souk.kernel.errors import Busy, InvalidQuery, NotFound
from tests.inventory.builders import adjust, lines, receive
from tests.inventory.fakes import Inventory, StoredInventory, available, balanced, turns
from tests.kernel.logs import logged


def test_of_a_sku_never_received_there_is_nothing(inventory: Inventory) -> None:
    assert inventory.move_and_stock("LAMP", "key-1") == (None, Stock(sku="LAMP"))


def test_a_move_is_kept_as_it_was_booked(inventory: Inventory) -> None:
    bare = receive(inventory, "LAMP", 7, key="key-1")
    told = adjust(inventory, "LAMP", -2, key="key-2", note="broken")

    assert inventory.move_and_stock("LAMP", "key-1")[0] == bare
    assert inventory.move_and_stock("LAMP", "key-2") == (
        told,
        Stock(sku="LAMP", received=5, available=5, turn=1),
    )


def test_a_second_click_adds_nothing_even_when_all_is_sold(inventory: Inventory) -> None:
    first = receive(inventory, "LAMP", 7, key="key-1")
    reserve_stock("o-1", lines(LAMP=7), holds=inventory)

    assert receive(inventory, "LAMP", 7, key="key-1") == first

    assert available(inventory) == 0
    with pytest.raises(KeyReused):
        receive(inventory, "LAMP", 8, key="key-1")


def test_two_clicks_at_the_same_moment_are_one_receipt(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 7, key="key-0")
    inventory.trouble.meanwhile = [lambda: receive(inventory, "LAMP", 7, key="key-1")]

    receive(inventory, "LAMP", 7, key="key-1")

    assert available(inventory) == 14
    balanced(inventory, "LAMP")


def test_what_is_held_cannot_be_adjusted_away(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    reserve_stock("o-1", lines(LAMP=3), holds=inventory)

    with pytest.raises(NotEnoughFree) as refused:
        adjust(inventory, "LAMP", -3)

    assert refused.value.members == {"available": 2}
    balanced(inventory, "LAMP")


def test_what_is_reserved_while_staff_adjust_is_not_adjusted_away(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    inventory.trouble.meanwhile = [lambda: reserve_stock("o-1", lines(LAMP=3), holds=inventory)]

    with pytest.raises(NotEnoughFree):
        adjust(inventory, "LAMP", -3)

    balanced(inventory, "LAMP")


def test_of_two_first_receipts_one_brings_the_first_piece(inventory: Inventory) -> None:
    inventory.trouble.meanwhile = [lambda: receive(inventory, "LAMP", 2)]

    receive(inventory, "LAMP", 3)

    assert available(inventory) == 5
    assert [fact.turn for fact in turns(inventory)] == [1]


def test_staff_whose_stock_never_stands_still_are_told_to_try_again(inventory: Inventory) -> None:
    def away_or_back() -> None:
        by = 2 if available(inventory) == 0 else -2
        adjust(inventory, "LAMP", by)

    inventory.trouble.meanwhile = [away_or_back] * TRIES

    with pytest.raises(Busy):
        receive(inventory, "LAMP", 3)

    balanced(inventory, "LAMP")


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
def test_one_skus_stock_is_read(stored: StoredInventory) -> None:
    receive(stored, "LAMP", 3)

    assert stored.get("LAMP") == Stock(sku="LAMP", received=3, available=3, turn=1)
    with pytest.raises(NotFound):
        stored.get("RUG")


def test_a_lease_that_cannot_be_ended_stops_no_other_and_is_told(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def end(order_id: str, **_: object) -> None:
        tried.append(order_id)
        if order_id == "o-1":
            raise Busy("not now")

    monkeypatch.setattr(handlers, "inventory", lambda: inventory)
    monkeypatch.setattr(inventory, "ended", lambda *_: ["o-1", "o-2"])
    monkeypatch.setattr(usecases, "end_lease", end)

    with logged() as log, pytest.raises(handlers.LeasesLeft):
        handlers.end_leases()

    assert tried == ["o-1", "o-2"]
    assert [line["order_id"] for line in log if line["level"] == "ERROR"] == ["o-1"]
