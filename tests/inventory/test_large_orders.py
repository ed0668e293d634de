"""Orders larger than a transaction: killed anywhere and repeated, the result is the same."""

from __future__ import annotations

import pytest

from souk.inventory.commands import Reserved, Shortage
from souk.inventory.domain import Status
from souk.inventory.events import StockDepleted, StockRejected, StockReleased, StockReserved
from souk.inventory.plans import AT_ONCE
from souk.inventory.usecases import commit_stock, release_stock, reserve_stock
from tests.inventory.builders import many, receive, received
from tests.inventory.fakes import (
    FakeInventory,
    Inventory,
    Killed,
    Turn,
    available,
    balanced,
    held,
    of_orders,
)

RESERVED = Reserved(status="reserved")
LAST = "SKU-0591"


@pytest.mark.parametrize("number", [AT_ONCE // 2, AT_ONCE, AT_ONCE + 1, 592, 1000])
def test_an_order_of_any_size_is_held_whole_sold_and_given_back(
    inventory: Inventory, number: int
) -> None:
    wanted = many(number)
    skus = [line.sku for line in wanted]
    received(inventory, wanted)

    assert reserve_stock("o-1", wanted, holds=inventory) == RESERVED
    assert held(inventory) == dict.fromkeys(skus, 2)
    assert commit_stock("o-1", holds=inventory).status == "committed"
    release_stock("o-1", holds=inventory)

    assert held(inventory) == {}
    turned = [(fact.sku, fact.turn) for fact in inventory.said if isinstance(fact, Turn)]
    assert sorted(turned) == sorted((sku, turn) for sku in skus for turn in (1, 2, 3))
    assert of_orders(inventory) == [StockReserved(order_id="o-1"), StockReleased(order_id="o-1")]
    balanced(inventory, *skus)


def test_a_large_order_short_of_one_line_holds_nothing_at_any_moment(
    inventory: Inventory,
) -> None:
    wanted = many(592)
    received(inventory, wanted, SKU_0591=1)
    inventory.trouble.is_over()

    answer = reserve_stock("o-1", wanted, holds=inventory)

    assert answer.shortages == [Shortage(sku=LAST, wanted=2, available=1)]
    assert (inventory.trouble.writes, held(inventory)) == (1, {})
    assert of_orders(inventory) == [StockRejected(order_id="o-1", skus=[LAST])]


def test_a_line_that_runs_out_half_way_gives_back_what_was_held(inventory: Inventory) -> None:
    wanted = many(592)
    received(inventory, wanted)
    inventory.trouble.meanwhile = [
        *[lambda: None] * 3,
        lambda: reserve_stock("o-2", [wanted[-1]], holds=inventory),
    ]

    answer = reserve_stock("o-1", wanted, holds=inventory)

    assert answer.shortages == [Shortage(sku=LAST, wanted=2, available=0)]
    assert reserve_stock("o-1", wanted, holds=inventory) == answer
    assert held(inventory) == {LAST: 2}
    assert of_orders(inventory) == [
        StockReserved(order_id="o-2"),
        StockRejected(order_id="o-1", skus=[LAST]),
    ]
    balanced(inventory, *(line.sku for line in wanted))


def test_a_release_in_the_middle_of_a_reservation_is_final(inventory: Inventory) -> None:
    wanted = many(300)
    received(inventory, wanted)
    inventory.trouble.meanwhile = [
        *[lambda: None] * 3,
        lambda: release_stock("o-1", holds=inventory),
    ]

    assert reserve_stock("o-1", wanted, holds=inventory).status == "released"

    assert held(inventory) == {}
    balanced(inventory, *(line.sku for line in wanted))


def test_two_workflows_of_one_order_hold_it_once(inventory: Inventory) -> None:
    wanted = many(300)
    received(inventory, wanted)
    twin: list[Reserved] = []
    inventory.trouble.meanwhile = [
        *[lambda: None] * 2,
        lambda: twin.append(reserve_stock("o-1", wanted, holds=inventory)),
    ]

    answer = reserve_stock("o-1", wanted, holds=inventory)

    assert [answer, *twin] == [RESERVED, RESERVED]
    assert of_orders(inventory) == [StockReserved(order_id="o-1")]
    balanced(inventory, *(line.sku for line in wanted))


# --- killed


def small_world(short: bool) -> FakeInventory:
    """592 lines; the last runs out while the order is being held, if `short`."""
    inventory = FakeInventory()
    received(inventory, many(592))
    if short:
        inventory.trouble.meanwhile = [
            *[lambda: None] * 5,
            lambda: reserve_stock("o-2", [many(592)[-1]], holds=inventory),
        ]
    inventory.trouble.writes = 0
    return inventory


def what_it_comes_to(inventory: FakeInventory) -> object:
    """All that outlasts the work, whatever came between: versions and leases aside."""
    holds = [(hold.order_id, hold.status, hold.progress) for hold in inventory.holds()]
    gone = {fact.sku for fact in inventory.said if isinstance(fact, StockDepleted)}
    return sorted(holds, key=str), of_orders(inventory), held(inventory), gone


@pytest.mark.parametrize("when", ["killed_before", "killed_after"])
@pytest.mark.parametrize("short", [False, True], ids=["in stock", "short"])
def test_a_reservation_killed_at_any_write_and_repeated_is_the_same(when: str, short: bool) -> None:
    calm = small_world(short)
    reserve_stock("o-1", many(592), holds=calm)
    writes = calm.trouble.writes
    assert writes > 6

    for write in range(1, writes + 1):
        inventory = small_world(short)
        setattr(inventory.trouble, when, write)
        with pytest.raises(Killed):
            reserve_stock("o-1", many(592), holds=inventory)
        answer = reserve_stock("o-1", many(592), holds=inventory)

        assert answer.status == ("rejected" if short else "reserved")
        if not short:
            assert what_it_comes_to(inventory) == what_it_comes_to(calm)
        balanced(inventory, *(line.sku for line in many(592)))


@pytest.mark.parametrize("when", ["killed_before", "killed_after"])
def test_a_release_killed_at_any_write_and_repeated_is_the_same(when: str) -> None:
    for write in range(1, 20):
        inventory = small_world(short=False)
        reserve_stock("o-1", many(592), holds=inventory)
        inventory.trouble.writes = 0
        setattr(inventory.trouble, when, write)
        try:
            release_stock("o-1", holds=inventory)
        except Killed:
            release_stock("o-1", holds=inventory)
        else:
            break
        assert [hold.status for hold in inventory.holds()] == [Status.RELEASED]
        assert (held(inventory), available(inventory, LAST)) == ({}, 2)
        balanced(inventory, *(line.sku for line in many(592)))
    assert write > 6


def test_a_release_goes_on_from_wherever_a_killed_reservation_stopped() -> None:
    for write in range(1, 7):
        inventory = small_world(short=False)
        inventory.trouble.killed_after = write
        with pytest.raises(Killed):
            reserve_stock("o-1", many(592), holds=inventory)

        release_stock("o-1", holds=inventory)

        assert held(inventory) == {}
        assert reserve_stock("o-1", many(592), holds=inventory).status == "released"


@pytest.mark.cloud
@pytest.mark.parametrize("write", [1, 4, 7])
def test_the_real_table_too_can_be_gone_on_with(request: pytest.FixtureRequest, write: int) -> None:
    stored = request.getfixturevalue("stored")
    wanted = many(300)
    received(stored, wanted)
    stored.trouble.is_over()
    stored.trouble.killed_after = write
    with pytest.raises(Killed):
        reserve_stock("o-1", wanted, holds=stored)

    assert reserve_stock("o-1", wanted, holds=stored) == RESERVED
    balanced(stored, *(line.sku for line in wanted))


def test_goods_that_come_while_a_killed_order_waits_are_held_by_the_next_try() -> None:
    inventory = small_world(short=False)
    inventory.trouble.killed_after = 2
    with pytest.raises(Killed):
        reserve_stock("o-1", many(592), holds=inventory)
    receive(inventory, LAST, 5)

    assert reserve_stock("o-1", many(592), holds=inventory) == RESERVED
    assert available(inventory, LAST) == 5
