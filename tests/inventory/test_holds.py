"""Holds of orders: all lines or none, and every command takes effect once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from souk.inventory import usecases
from souk.inventory.commands import Committed, Released, Reserved, Shortage, StockLine
from souk.inventory.domain import HoldStatus, LinesMismatch
from souk.inventory.events import (
    StockDepleted,
    StockRejected,
    StockReleased,
    StockReplenished,
    StockReserved,
)
from souk.inventory.plans import LEASE_DURATION, MAX_ACTIONS_PER_STEP
from souk.inventory.usecases import commit_stock, expire_hold, release_stock, reserve_stock
from souk.kernel import dynamo
from souk.kernel.clock import now
from souk.kernel.errors import Busy
from souk.kernel.events import Cause, caused_by
from tests.inventory.builders import adjust, lines, many_lines, receive, receive_all
from tests.inventory.fakes import (
    FakeInventory,
    Inventory,
    Killed,
    StoredInventory,
    allocated,
    assert_balanced,
    availability_events,
    available,
    order_events,
)

RESERVED = Reserved(status="reserved")
RELEASED = Reserved(status="released")
COMMITTED = Committed(status="committed")
EXPIRED = Committed(status="expired")


def status(inventory: Inventory, order_id: str = "o-1") -> HoldStatus:
    hold, _ = inventory.load_hold(order_id, [])
    assert hold is not None
    return hold.status


def let_leases_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Move the clock past the end of all leases."""
    moment = now() + LEASE_DURATION + timedelta(seconds=1)
    monkeypatch.setattr(usecases, "now", lambda: moment)


def reconcile(inventory: Inventory) -> list[str]:
    """Expire the holds whose lease has ended. Returns their order ids."""
    clock = usecases.now  # type: ignore[attr-defined]  # as set by `let_leases_end`
    order_ids = inventory.expired_holds(clock(), 100)
    for order_id in order_ids:
        expire_hold(order_id, holds=inventory)
    return order_ids


def test_reserving_an_order_holds_all_its_lines(inventory: Inventory) -> None:
    receive_all(inventory, lines(LAMP=5, RUG=5))

    result = reserve_stock("o-1", lines(RUG=1, LAMP=2), holds=inventory)

    assert result == RESERVED
    assert (available(inventory, "LAMP"), available(inventory, "RUG")) == (3, 4)
    assert order_events(inventory) == [StockReserved(order_id="o-1")]
    assert_balanced(inventory, "LAMP", "RUG")


def test_an_order_with_one_short_line_is_rejected_and_holds_nothing(
    inventory: Inventory,
) -> None:
    receive_all(inventory, lines(LAMP=5, RUG=1))

    result = reserve_stock("o-1", lines(LAMP=2, RUG=2, NEVER=1), holds=inventory)

    assert result == Reserved(
        status="rejected",
        shortages=[
            Shortage(sku="NEVER", requested=1, available=0),
            Shortage(sku="RUG", requested=2, available=1),
        ],
    )
    assert allocated(inventory) == {}
    assert order_events(inventory) == [StockRejected(order_id="o-1", skus=["NEVER", "RUG"])]


def test_a_repeated_command_returns_the_same_result_and_changes_nothing(
    inventory: Inventory,
) -> None:
    receive(inventory, "LAMP", 5)
    order_lines = lines(LAMP=2)

    assert [reserve_stock("o-1", order_lines, holds=inventory) for _ in range(2)] == [RESERVED] * 2
    assert [commit_stock("o-1", holds=inventory) for _ in range(2)] == [COMMITTED] * 2
    assert reserve_stock("o-1", order_lines, holds=inventory) == RESERVED
    assert available(inventory) == 3
    assert [release_stock("o-1", holds=inventory) for _ in range(2)] == [Released()] * 2

    assert available(inventory) == 5
    assert order_events(inventory) == [
        StockReserved(order_id="o-1"),
        StockReleased(order_id="o-1"),
    ]


def test_a_rejection_is_final_even_if_stock_is_received_afterwards(inventory: Inventory) -> None:
    first = reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    receive(inventory, "LAMP", 5)

    repeated = reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert repeated == first == Reserved(status="rejected", shortages=repeated.shortages)
    assert available(inventory) == 5


def test_an_order_released_before_its_reservation_never_holds_stock(
    inventory: Inventory,
) -> None:
    receive(inventory, "LAMP", 5)

    release_stock("o-1", holds=inventory)
    late = reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert late == RELEASED
    assert commit_stock("o-1", holds=inventory) == EXPIRED
    assert (available(inventory), order_events(inventory)) == (5, [])


def test_releasing_a_rejected_order_releases_no_stock(inventory: Inventory) -> None:
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    release_stock("o-1", holds=inventory)

    assert reserve_stock("o-1", lines(LAMP=2), holds=inventory) == RELEASED
    assert order_events(inventory) == [StockRejected(order_id="o-1", skus=["LAMP"])]


def test_sold_stock_can_be_released(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    commit_stock("o-1", holds=inventory)
    assert reconcile(inventory) == []

    release_stock("o-1", holds=inventory)

    assert (available(inventory), status(inventory)) == (5, HoldStatus.RELEASED)
    assert_balanced(inventory, "LAMP")


def test_an_order_without_reserved_stock_cannot_be_committed(inventory: Inventory) -> None:
    assert commit_stock("o-1", holds=inventory) == EXPIRED
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    assert commit_stock("o-1", holds=inventory) == EXPIRED


def test_the_lines_of_a_hold_never_change(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    with pytest.raises(LinesMismatch):
        reserve_stock("o-1", lines(LAMP=3), holds=inventory)

    assert available(inventory) == 3


@pytest.mark.parametrize(
    "invalid_lines", [lines(LAMP=0), lines(LAMP=-1), [*lines(LAMP=1), *lines(LAMP=2)]]
)
def test_invalid_lines_hold_nothing(inventory: Inventory, invalid_lines: list[StockLine]) -> None:
    receive(inventory, "LAMP", 5)

    with pytest.raises(ValueError, match="o-1"):
        reserve_stock("o-1", invalid_lines, holds=inventory)

    assert available(inventory) == 5


def test_two_concurrent_workflows_of_one_order_hold_it_once(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 10)
    inventory.faults.concurrent_actions = [
        lambda: reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    ]

    assert reserve_stock("o-1", lines(LAMP=2), holds=inventory) == RESERVED

    assert available(inventory) == 8
    assert order_events(inventory) == [StockReserved(order_id="o-1")]
    assert_balanced(inventory, "LAMP")


def test_a_release_during_a_reservation_is_final(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 10)
    inventory.faults.concurrent_actions = [lambda: release_stock("o-1", holds=inventory)]

    assert reserve_stock("o-1", lines(LAMP=2), holds=inventory) == RELEASED

    assert (available(inventory), order_events(inventory)) == (10, [])


@pytest.mark.cloud
def test_a_hold_read_during_a_write_is_read_completely(
    stored: StoredInventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(stored, "LAMP", 10)
    reserve_stock("o-1", lines(LAMP=2), holds=stored)
    batch_get = dynamo.batch_get

    def batch_get_without_lines(table: str, keys: Sequence[tuple[str, str]]) -> Any:
        return {key: row for key, row in batch_get(table, keys).items() if key[1] != "LINES"}

    monkeypatch.setattr(dynamo, "batch_get", batch_get_without_lines)
    hold, _ = stored.load_hold("o-1", [])

    assert hold is not None
    assert hold.lines == lines(LAMP=2)


# --- leases


def test_an_abandoned_hold_expires_when_its_lease_ends(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(inventory, "LAMP", 2)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    assert reconcile(inventory) == []
    let_leases_end(monkeypatch)

    assert [reconcile(inventory), reconcile(inventory)] == [["o-1"], []]

    assert (available(inventory), status(inventory)) == (2, HoldStatus.EXPIRED)
    assert commit_stock("o-1", holds=inventory) == EXPIRED
    assert order_events(inventory)[-1] == StockReleased(order_id="o-1")


def test_an_expired_hold_can_be_reserved_again(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(inventory, "LAMP", 2)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    let_leases_end(monkeypatch)
    reconcile(inventory)

    repeated = reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert (repeated, commit_stock("o-1", holds=inventory)) == (RESERVED, COMMITTED)
    assert_balanced(inventory, "LAMP")


def test_the_reconciler_uses_the_correlation_id_of_the_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inventory = FakeInventory()
    receive(inventory, "LAMP", 2)
    with caused_by(Cause("correlation-1")):
        reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    let_leases_end(monkeypatch)

    reconcile(inventory)

    assert inventory.correlation_ids == ["correlation-1"] * 2


def test_a_commit_during_the_reconciliation_keeps_the_stock(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(inventory, "LAMP", 2)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    let_leases_end(monkeypatch)
    inventory.faults.concurrent_actions = [lambda: commit_stock("o-1", holds=inventory)]

    expire_hold("o-1", holds=inventory)

    assert (status(inventory), available(inventory)) == (HoldStatus.COMMITTED, 0)


def test_a_partial_hold_expires_too(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    order_lines = many_lines(MAX_ACTIONS_PER_STEP + 10)
    receive_all(inventory, [StockLine(sku=line.sku, quantity=9) for line in order_lines])
    inventory.faults.reset()
    inventory.faults.killed_after = 1
    with pytest.raises(Killed):
        reserve_stock("o-1", order_lines, holds=inventory)
    assert (status(inventory), len(allocated(inventory))) == (
        HoldStatus.RESERVING,
        MAX_ACTIONS_PER_STEP,
    )
    let_leases_end(monkeypatch)

    assert reconcile(inventory) == ["o-1"]

    assert (status(inventory), allocated(inventory)) == (HoldStatus.EXPIRED, {})
    assert reserve_stock("o-1", order_lines, holds=inventory) == RESERVED
    assert_balanced(inventory, *(line.sku for line in order_lines))


def test_an_order_can_be_reserved_after_a_partial_expiry(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_lines = many_lines(MAX_ACTIONS_PER_STEP + 10)
    receive_all(inventory, order_lines)
    reserve_stock("o-1", order_lines, holds=inventory)
    let_leases_end(monkeypatch)
    inventory.faults.reset()
    inventory.faults.killed_after = 1
    with pytest.raises(Killed):
        expire_hold("o-1", holds=inventory)
    assert status(inventory) is HoldStatus.RELEASING

    assert reserve_stock("o-1", order_lines, holds=inventory) == RESERVED
    assert_balanced(inventory, *(line.sku for line in order_lines))


# --- availability


def test_each_depletion_and_replenishment_is_published_once(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 3)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    reserve_stock("o-2", lines(LAMP=1), holds=inventory)
    release_stock("o-1", holds=inventory)
    release_stock("o-2", holds=inventory)
    adjust(inventory, "LAMP", -3)

    assert availability_events(inventory) == [
        StockReplenished(sku="LAMP", availability_version=1),
        StockDepleted(sku="LAMP", availability_version=2),
        StockReplenished(sku="LAMP", availability_version=3),
        StockDepleted(sku="LAMP", availability_version=4),
    ]


def test_a_depletion_is_published_when_a_concurrent_order_gets_most_of_the_stock(
    inventory: Inventory,
) -> None:
    receive(inventory, "LAMP", 5)
    inventory.faults.concurrent_actions = [
        lambda: reserve_stock("o-2", lines(LAMP=3), holds=inventory),
    ]

    assert reserve_stock("o-1", lines(LAMP=2), holds=inventory) == RESERVED

    assert availability_events(inventory)[1:] == [StockDepleted(sku="LAMP", availability_version=2)]
    assert_balanced(inventory, "LAMP")


def test_a_concurrent_order_that_was_first_causes_a_rejection(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 2)
    inventory.faults.concurrent_actions = [
        lambda: reserve_stock("o-2", lines(LAMP=1), holds=inventory),
    ]

    result = reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert result.shortages == [Shortage(sku="LAMP", requested=2, available=1)]
    assert_balanced(inventory, "LAMP")


def test_stock_depleted_and_replenished_between_read_and_write_has_a_new_version(
    inventory: Inventory,
) -> None:
    receive(inventory, "LAMP", 2)

    def deplete_and_replenish() -> None:
        reserve_stock("o-2", lines(LAMP=2), holds=inventory)
        release_stock("o-2", holds=inventory)

    inventory.faults.concurrent_actions = [deplete_and_replenish]

    reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert [event.availability_version for event in availability_events(inventory)] == [1, 2, 3, 4]
    assert availability_events(inventory)[-1] == StockDepleted(sku="LAMP", availability_version=4)


def test_a_reservation_fails_with_busy_after_too_many_concurrent_updates(
    inventory: Inventory,
) -> None:
    receive(inventory, "LAMP", 2)

    def deplete_and_replenish() -> None:
        adjust(inventory, "LAMP", -2)
        receive(inventory, "LAMP", 2)

    inventory.faults.concurrent_actions = [deplete_and_replenish] * usecases.MAX_ATTEMPTS

    with pytest.raises(Busy):
        reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert allocated(inventory) == {}
