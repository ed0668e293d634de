"""What came back is booked once: to be sold again, or written off; the books hold either way."""

from __future__ import annotations

import pytest

from souk.inventory.domain import CameBack, NotSold, OtherLines, Return
from souk.inventory.events import StockDepleted, StockReplenished
from souk.inventory.plans import AT_ONCE
from souk.inventory.usecases import book_return, commit_stock, release_stock, reserve_stock
from tests.inventory.builders import a_return, back, lines, many, receive, received
from tests.inventory.fakes import (
    FakeInventory,
    Inventory,
    Killed,
    available,
    balanced,
    held,
    turns,
)


def sell(inventory: Inventory, **quantities: int) -> None:
    reserve_stock("o-1", lines(**quantities), holds=inventory)
    commit_stock("o-1", holds=inventory)


def stock(inventory: Inventory, sku: str = "LAMP") -> tuple[int, int]:
    found = inventory.move_and_stock(sku, "no such key")[1]
    return found.received, found.available


def test_what_is_restocked_can_be_sold_again(inventory: Inventory) -> None:
    receive(inventory, quantity=10)
    sell(inventory, LAMP=4)

    book_return(a_return(back(quantity=3)), returns=inventory)

    assert stock(inventory) == (10, 9)
    assert held(inventory) == {"LAMP": 1}
    balanced(inventory, "LAMP")


def test_what_is_written_off_belongs_to_nobody_any_more_and_a_move_says_why(
    inventory: Inventory,
) -> None:
    receive(inventory, quantity=10)
    sell(inventory, LAMP=4)

    book_return(a_return(back(quantity=3, restock=False)), returns=inventory)

    assert stock(inventory) == (7, 6)
    move, _ = inventory.move_and_stock("LAMP", "return r-1")
    assert move
    assert (move.kind, move.by, move.staff) == ("write-off", -3, None)
    assert move.note == "came back with return r-1, not to be sold again"
    balanced(inventory, "LAMP")


def test_the_last_piece_may_be_written_off_and_the_first_to_come_back_is_said(
    inventory: Inventory,
) -> None:
    receive(inventory, quantity=2)
    sell(inventory, LAMP=2)

    book_return(a_return(back(restock=False), return_id="r-1"), returns=inventory)
    book_return(a_return(back(), return_id="r-2"), returns=inventory)

    assert stock(inventory) == (1, 1)
    assert turns(inventory)[1:] == [
        StockDepleted(sku="LAMP", turn=2),
        StockReplenished(sku="LAMP", turn=3),
    ]
    balanced(inventory, "LAMP")


def test_a_return_heard_twice_is_booked_once(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    receive(inventory, "RUG", 5)
    sell(inventory, LAMP=2, RUG=2)
    brought = a_return(back("LAMP"), back("RUG", restock=False))

    for _ in range(3):
        book_return(brought, returns=inventory)

    assert (stock(inventory, "LAMP"), stock(inventory, "RUG")) == ((5, 4), (4, 3))
    balanced(inventory, "LAMP", "RUG")


def test_two_hearings_at_once_book_a_return_once(inventory: Inventory) -> None:
    receive(inventory, quantity=5)
    sell(inventory, LAMP=4)
    brought = a_return(back(quantity=2))
    inventory.trouble.meanwhile = [lambda: book_return(brought, returns=inventory)]

    book_return(brought, returns=inventory)

    assert available(inventory) == 3
    balanced(inventory, "LAMP")


def test_a_return_with_other_lines_than_were_booked_is_refused(inventory: Inventory) -> None:
    receive(inventory, quantity=5)
    sell(inventory, LAMP=4)
    book_return(a_return(back(quantity=2)), returns=inventory)

    with pytest.raises(OtherLines):
        book_return(a_return(back(quantity=1)), returns=inventory)

    assert available(inventory) == 3


@pytest.mark.parametrize(
    "brought",
    [a_return(back("RUG")), a_return(back(quantity=3)), a_return(back(), order_id="o-9")],
    ids=["a line never sold", "more than sold", "an order never sold"],
)
def test_what_was_never_sold_does_not_come_back(inventory: Inventory, brought: Return) -> None:
    receive(inventory, "LAMP", 5)
    receive(inventory, "RUG", 5)
    sell(inventory, LAMP=2)

    with pytest.raises(NotSold):
        book_return(brought, returns=inventory)

    assert (available(inventory, "LAMP"), available(inventory, "RUG")) == (3, 5)
    assert inventory.returns() == []


def test_what_is_only_reserved_does_not_come_back_yet(inventory: Inventory) -> None:
    receive(inventory)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    with pytest.raises(NotSold):
        book_return(a_return(back()), returns=inventory)

    commit_stock("o-1", holds=inventory)
    book_return(a_return(back()), returns=inventory)

    assert available(inventory) == 9


def test_a_hold_of_which_something_came_back_is_not_given_back_whole(
    inventory: Inventory,
) -> None:
    receive(inventory, quantity=5)
    sell(inventory, LAMP=2)
    book_return(a_return(back()), returns=inventory)

    with pytest.raises(CameBack):
        release_stock("o-1", holds=inventory)

    assert available(inventory) == 4
    balanced(inventory, "LAMP")


def test_a_release_while_something_comes_back_gives_nothing_back_twice(
    inventory: Inventory,
) -> None:
    receive(inventory, quantity=5)
    sell(inventory, LAMP=2)
    inventory.trouble.meanwhile = [lambda: release_stock("o-1", holds=inventory)]

    with pytest.raises(NotSold):
        book_return(a_return(back()), returns=inventory)

    assert available(inventory) == 5
    balanced(inventory, "LAMP")


# --- large ones


def large(number: int) -> Return:
    """Every third line is written off."""
    return a_return(
        *(back(f"SKU-{each:04}", restock=each % 3 > 0) for each in range(number)),
    )


@pytest.mark.parametrize("number", [AT_ONCE // 2, AT_ONCE, 592])
def test_a_return_of_any_size_is_booked(inventory: Inventory, number: int) -> None:
    skus = [line.sku for line in many(number)]
    received(inventory, many(number))
    sell(inventory, **dict.fromkeys(skus, 2))

    book_return(large(number), returns=inventory)

    assert held(inventory) == dict.fromkeys(skus, 1)
    assert stock(inventory, skus[0]) == (1, 0)
    assert stock(inventory, skus[1]) == (2, 1)
    balanced(inventory, *skus)


@pytest.mark.parametrize("when", ["killed_before", "killed_after"])
def test_a_return_killed_at_any_write_and_repeated_is_the_same(when: str) -> None:
    skus = [line.sku for line in many(300)]
    for write in range(1, 20):
        inventory = FakeInventory()
        received(inventory, many(300))
        sell(inventory, **dict.fromkeys(skus, 2))
        inventory.trouble.is_over()
        setattr(inventory.trouble, when, write)
        try:
            book_return(large(300), returns=inventory)
        except Killed:
            balanced(inventory, *skus)
            book_return(large(300), returns=inventory)
        else:
            break
        assert held(inventory) == dict.fromkeys(skus, 1)
        balanced(inventory, *skus)
    assert write > 5


@pytest.mark.cloud
def test_the_real_table_too_can_be_gone_on_with(request: pytest.FixtureRequest) -> None:
    stored = request.getfixturevalue("stored")
    skus = [line.sku for line in many(120)]
    received(stored, many(120))
    sell(stored, **dict.fromkeys(skus, 2))
    stored.trouble.is_over()
    stored.trouble.killed_after = 1
    with pytest.raises(Killed):
        book_return(large(120), returns=stored)

    book_return(large(120), returns=stored)

    balanced(stored, *skus)
