"""Orders larger than one transaction: killed at any write and repeated, with the same result."""

from __future__ import annotations

import pytest

from souk.inventory.commands import Reserved, Shortage
from souk.inventory.domain import HoldStatus
from souk.inventory.events import StockDepleted, StockRejected, StockReleased, StockReserved
from souk.inventory.plans import MAX_ACTIONS_PER_STEP
from souk.inventory.usecases import commit_stock, release_stock, reserve_stock
from tests.inventory.builders import many_lines, receive, receive_all
from tests.inventory.fakes import (
    AvailabilityEvent,
    FakeInventory,
    Inventory,
    Killed,
    allocated,
    assert_balanced,
    available,
    order_events,
)

RESERVED = Reserved(status="reserved")
LAST_SKU = "SKU-0591"


@pytest.mark.parametrize(
    "line_count",
    [MAX_ACTIONS_PER_STEP // 2, MAX_ACTIONS_PER_STEP, MAX_ACTIONS_PER_STEP + 1, 592, 1000],
)
def test_an_order_of_any_size_is_reserved_committed_and_released(
    inventory: Inventory, line_count: int
) -> None:
    order_lines = many_lines(line_count)
    skus = [line.sku for line in order_lines]
    receive_all(inventory, order_lines)

    assert reserve_stock("o-1", order_lines, holds=inventory) == RESERVED
    assert allocated(inventory) == dict.fromkeys(skus, 2)
    assert commit_stock("o-1", holds=inventory).status == "committed"
    release_stock("o-1", holds=inventory)

    assert allocated(inventory) == {}
    versions = [
        (event.sku, event.availability_version)
        for event in inventory.published
        if isinstance(event, AvailabilityEvent)
    ]
    assert sorted(versions) == sorted((sku, version) for sku in skus for version in (1, 2, 3))
    assert order_events(inventory) == [StockReserved(order_id="o-1"), StockReleased(order_id="o-1")]
    assert_balanced(inventory, *skus)


def test_a_large_order_with_one_short_line_never_holds_stock(
    inventory: Inventory,
) -> None:
    order_lines = many_lines(592)
    receive_all(inventory, order_lines, SKU_0591=1)
    inventory.faults.reset()

    result = reserve_stock("o-1", order_lines, holds=inventory)

    assert result.shortages == [Shortage(sku=LAST_SKU, requested=2, available=1)]
    assert (inventory.faults.writes, allocated(inventory)) == (1, {})
    assert order_events(inventory) == [StockRejected(order_id="o-1", skus=[LAST_SKU])]


def test_a_line_depleted_during_the_reservation_releases_the_others(inventory: Inventory) -> None:
    order_lines = many_lines(592)
    receive_all(inventory, order_lines)
    inventory.faults.concurrent_actions = [
        *[lambda: None] * 3,
        lambda: reserve_stock("o-2", [order_lines[-1]], holds=inventory),
    ]

    result = reserve_stock("o-1", order_lines, holds=inventory)

    assert result.shortages == [Shortage(sku=LAST_SKU, requested=2, available=0)]
    assert reserve_stock("o-1", order_lines, holds=inventory) == result
    assert allocated(inventory) == {LAST_SKU: 2}
    assert order_events(inventory) == [
        StockReserved(order_id="o-2"),
        StockRejected(order_id="o-1", skus=[LAST_SKU]),
    ]
    assert_balanced(inventory, *(line.sku for line in order_lines))


def test_a_release_in_the_middle_of_a_reservation_is_final(inventory: Inventory) -> None:
    order_lines = many_lines(300)
    receive_all(inventory, order_lines)
    inventory.faults.concurrent_actions = [
        *[lambda: None] * 3,
        lambda: release_stock("o-1", holds=inventory),
    ]

    assert reserve_stock("o-1", order_lines, holds=inventory).status == "released"

    assert allocated(inventory) == {}
    assert_balanced(inventory, *(line.sku for line in order_lines))


def test_two_concurrent_workflows_of_one_order_hold_it_once(inventory: Inventory) -> None:
    order_lines = many_lines(300)
    receive_all(inventory, order_lines)
    other_results: list[Reserved] = []
    inventory.faults.concurrent_actions = [
        *[lambda: None] * 2,
        lambda: other_results.append(reserve_stock("o-1", order_lines, holds=inventory)),
    ]

    result = reserve_stock("o-1", order_lines, holds=inventory)

    assert [result, *other_results] == [RESERVED, RESERVED]
    assert order_events(inventory) == [StockReserved(order_id="o-1")]
    assert_balanced(inventory, *(line.sku for line in order_lines))


# --- killed processes


def an_inventory(short: bool) -> FakeInventory:
    """Stock for 592 lines. If `short`, another order takes the last line during the reservation."""
    inventory = FakeInventory()
    receive_all(inventory, many_lines(592))
    if short:
        inventory.faults.concurrent_actions = [
            *[lambda: None] * 5,
            lambda: reserve_stock("o-2", [many_lines(592)[-1]], holds=inventory),
        ]
    inventory.faults.writes = 0
    return inventory


def outcome(inventory: FakeInventory) -> object:
    """The lasting result, without versions and leases."""
    holds = [(hold.order_id, hold.status, hold.progress) for hold in inventory.holds()]
    depleted = {event.sku for event in inventory.published if isinstance(event, StockDepleted)}
    return sorted(holds, key=str), order_events(inventory), allocated(inventory), depleted


@pytest.mark.parametrize("fault", ["killed_before", "killed_after"])
@pytest.mark.parametrize("short", [False, True], ids=["in stock", "short"])
def test_a_reservation_killed_at_any_write_and_repeated_is_the_same(
    fault: str, short: bool
) -> None:
    undisturbed = an_inventory(short)
    reserve_stock("o-1", many_lines(592), holds=undisturbed)
    writes = undisturbed.faults.writes
    assert writes > 6

    for write in range(1, writes + 1):
        inventory = an_inventory(short)
        setattr(inventory.faults, fault, write)
        with pytest.raises(Killed):
            reserve_stock("o-1", many_lines(592), holds=inventory)
        result = reserve_stock("o-1", many_lines(592), holds=inventory)

        assert result.status == ("rejected" if short else "reserved")
        if not short:
            assert outcome(inventory) == outcome(undisturbed)
        assert_balanced(inventory, *(line.sku for line in many_lines(592)))


@pytest.mark.parametrize("fault", ["killed_before", "killed_after"])
def test_a_release_killed_at_any_write_and_repeated_is_the_same(fault: str) -> None:
    for write in range(1, 20):
        inventory = an_inventory(short=False)
        reserve_stock("o-1", many_lines(592), holds=inventory)
        inventory.faults.writes = 0
        setattr(inventory.faults, fault, write)
        try:
            release_stock("o-1", holds=inventory)
        except Killed:
            release_stock("o-1", holds=inventory)
        else:
            break
        assert [hold.status for hold in inventory.holds()] == [HoldStatus.RELEASED]
        assert (allocated(inventory), available(inventory, LAST_SKU)) == ({}, 2)
        assert_balanced(inventory, *(line.sku for line in many_lines(592)))
    assert write > 6


def test_a_killed_reservation_can_be_released_at_any_write() -> None:
    for write in range(1, 7):
        inventory = an_inventory(short=False)
        inventory.faults.killed_after = write
        with pytest.raises(Killed):
            reserve_stock("o-1", many_lines(592), holds=inventory)

        release_stock("o-1", holds=inventory)

        assert allocated(inventory) == {}
        assert reserve_stock("o-1", many_lines(592), holds=inventory).status == "released"


@pytest.mark.cloud
@pytest.mark.parametrize("write", [1, 4, 7])
def test_a_killed_reservation_continues_on_the_real_table(
    request: pytest.FixtureRequest, write: int
) -> None:
    stored = request.getfixturevalue("stored")
    order_lines = many_lines(300)
    receive_all(stored, order_lines)
    stored.faults.reset()
    stored.faults.killed_after = write
    with pytest.raises(Killed):
        reserve_stock("o-1", order_lines, holds=stored)

    assert reserve_stock("o-1", order_lines, holds=stored) == RESERVED
    assert_balanced(stored, *(line.sku for line in order_lines))


def test_stock_received_after_a_killed_reservation_stays_available() -> None:
    inventory = an_inventory(short=False)
    inventory.faults.killed_after = 2
    with pytest.raises(Killed):
        reserve_stock("o-1", many_lines(592), holds=inventory)
    receive(inventory, LAST_SKU, 5)

    assert reserve_stock("o-1", many_lines(592), holds=inventory) == RESERVED
    assert available(inventory, LAST_SKU) == 5
