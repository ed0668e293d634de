"""Returns are booked once, restocked or written off, and the stock stays balanced."""

from __future__ import annotations

import pytest

from souk.inventory.domain import AlreadyReturned, LinesMismatch, NotSold, Return
from souk.inventory.events import StockDepleted, StockReplenished
from souk.inventory.plans import MAX_ACTIONS_PER_STEP
from souk.inventory.usecases import book_return, commit_stock, release_stock, reserve_stock
from tests.inventory.builders import (
    a_return,
    lines,
    many_lines,
    receive,
    receive_all,
    returned_line,
)
from tests.inventory.fakes import (
    FakeInventory,
    Inventory,
    Killed,
    allocated,
    assert_balanced,
    availability_events,
    available,
)


def sell(inventory: Inventory, **quantities: int) -> None:
    reserve_stock("o-1", lines(**quantities), holds=inventory)
    commit_stock("o-1", holds=inventory)


def received_and_available(inventory: Inventory, sku: str = "LAMP") -> tuple[int, int]:
    stock = inventory.load_movement(sku, "no such key")[1]
    return stock.received, stock.available


def test_restocked_items_are_available_again(inventory: Inventory) -> None:
    receive(inventory, quantity=10)
    sell(inventory, LAMP=4)

    book_return(a_return(returned_line(quantity=3)), returns=inventory)

    assert received_and_available(inventory) == (10, 9)
    assert allocated(inventory) == {"LAMP": 1}
    assert_balanced(inventory, "LAMP")


def test_a_write_off_reduces_the_received_stock_and_is_recorded_as_a_movement(
    inventory: Inventory,
) -> None:
    receive(inventory, quantity=10)
    sell(inventory, LAMP=4)

    book_return(a_return(returned_line(quantity=3, restock=False)), returns=inventory)

    assert received_and_available(inventory) == (7, 6)
    movement, _ = inventory.load_movement("LAMP", "return r-1")
    assert movement
    assert (movement.type, movement.quantity, movement.staff) == ("write-off", -3, None)
    assert movement.note == "returned with return r-1, not restocked"
    assert_balanced(inventory, "LAMP")


def test_restocking_a_depleted_sku_publishes_a_replenishment_a_write_off_does_not(
    inventory: Inventory,
) -> None:
    receive(inventory, quantity=2)
    sell(inventory, LAMP=2)

    book_return(a_return(returned_line(restock=False), return_id="r-1"), returns=inventory)
    book_return(a_return(returned_line(), return_id="r-2"), returns=inventory)

    assert received_and_available(inventory) == (1, 1)
    assert availability_events(inventory)[1:] == [
        StockDepleted(sku="LAMP", availability_version=2),
        StockReplenished(sku="LAMP", availability_version=3),
    ]
    assert_balanced(inventory, "LAMP")


def test_a_return_delivered_several_times_is_booked_once(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    receive(inventory, "RUG", 5)
    sell(inventory, LAMP=2, RUG=2)
    return_ = a_return(returned_line("LAMP"), returned_line("RUG", restock=False))

    for _ in range(3):
        book_return(return_, returns=inventory)

    assert (
        received_and_available(inventory, "LAMP"),
        received_and_available(inventory, "RUG"),
    ) == ((5, 4), (4, 3))
    assert_balanced(inventory, "LAMP", "RUG")


def test_two_concurrent_deliveries_book_a_return_once(inventory: Inventory) -> None:
    receive(inventory, quantity=5)
    sell(inventory, LAMP=4)
    return_ = a_return(returned_line(quantity=2))
    inventory.faults.concurrent_actions = [lambda: book_return(return_, returns=inventory)]

    book_return(return_, returns=inventory)

    assert available(inventory) == 3
    assert_balanced(inventory, "LAMP")


def test_a_booked_return_repeated_with_other_lines_is_rejected(inventory: Inventory) -> None:
    receive(inventory, quantity=5)
    sell(inventory, LAMP=4)
    book_return(a_return(returned_line(quantity=2)), returns=inventory)

    with pytest.raises(LinesMismatch):
        book_return(a_return(returned_line(quantity=1)), returns=inventory)

    assert available(inventory) == 3


@pytest.mark.parametrize(
    "return_",
    [
        a_return(returned_line("RUG")),
        a_return(returned_line(quantity=3)),
        a_return(returned_line(), order_id="o-9"),
    ],
    ids=["SKU not sold", "more than sold", "order not sold"],
)
def test_a_return_of_items_never_sold_is_rejected(inventory: Inventory, return_: Return) -> None:
    receive(inventory, "LAMP", 5)
    receive(inventory, "RUG", 5)
    sell(inventory, LAMP=2)

    with pytest.raises(NotSold):
        book_return(return_, returns=inventory)

    assert (available(inventory, "LAMP"), available(inventory, "RUG")) == (3, 5)
    assert inventory.returns() == []


def test_reserved_items_cannot_be_returned_before_they_are_sold(inventory: Inventory) -> None:
    receive(inventory)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    with pytest.raises(NotSold):
        book_return(a_return(returned_line()), returns=inventory)

    commit_stock("o-1", holds=inventory)
    book_return(a_return(returned_line()), returns=inventory)

    assert available(inventory) == 9


def test_an_order_with_returned_items_cannot_be_released(
    inventory: Inventory,
) -> None:
    receive(inventory, quantity=5)
    sell(inventory, LAMP=2)
    book_return(a_return(returned_line()), returns=inventory)

    with pytest.raises(AlreadyReturned):
        release_stock("o-1", holds=inventory)

    assert available(inventory) == 4
    assert_balanced(inventory, "LAMP")


def test_a_release_during_a_booking_releases_the_items_once(
    inventory: Inventory,
) -> None:
    receive(inventory, quantity=5)
    sell(inventory, LAMP=2)
    inventory.faults.concurrent_actions = [lambda: release_stock("o-1", holds=inventory)]

    with pytest.raises(NotSold):
        book_return(a_return(returned_line()), returns=inventory)

    assert available(inventory) == 5
    assert_balanced(inventory, "LAMP")


# --- large returns


def large_return(line_count: int) -> Return:
    """One item per line; every third line is written off."""
    return a_return(
        *(
            returned_line(f"SKU-{number:04}", restock=number % 3 > 0)
            for number in range(line_count)
        ),
    )


@pytest.mark.parametrize("line_count", [MAX_ACTIONS_PER_STEP // 2, MAX_ACTIONS_PER_STEP, 592])
def test_a_return_of_any_size_is_booked(inventory: Inventory, line_count: int) -> None:
    skus = [line.sku for line in many_lines(line_count)]
    receive_all(inventory, many_lines(line_count))
    sell(inventory, **dict.fromkeys(skus, 2))

    book_return(large_return(line_count), returns=inventory)

    assert allocated(inventory) == dict.fromkeys(skus, 1)
    assert received_and_available(inventory, skus[0]) == (1, 0)
    assert received_and_available(inventory, skus[1]) == (2, 1)
    assert_balanced(inventory, *skus)


@pytest.mark.parametrize("fault", ["killed_before", "killed_after"])
def test_a_return_killed_at_any_write_and_repeated_is_the_same(fault: str) -> None:
    skus = [line.sku for line in many_lines(300)]
    for write in range(1, 20):
        inventory = FakeInventory()
        receive_all(inventory, many_lines(300))
        sell(inventory, **dict.fromkeys(skus, 2))
        inventory.faults.reset()
        setattr(inventory.faults, fault, write)
        try:
            book_return(large_return(300), returns=inventory)
        except Killed:
            assert_balanced(inventory, *skus)
            book_return(large_return(300), returns=inventory)
        else:
            break
        assert allocated(inventory) == dict.fromkeys(skus, 1)
        assert_balanced(inventory, *skus)
    assert write > 5


@pytest.mark.cloud
def test_a_killed_booking_continues_on_the_real_table(request: pytest.FixtureRequest) -> None:
    stored = request.getfixturevalue("stored")
    skus = [line.sku for line in many_lines(120)]
    receive_all(stored, many_lines(120))
    sell(stored, **dict.fromkeys(skus, 2))
    stored.faults.reset()
    stored.faults.killed_after = 1
    with pytest.raises(Killed):
        book_return(large_return(120), returns=stored)

    book_return(large_return(120), returns=stored)

    assert_balanced(stored, *skus)
