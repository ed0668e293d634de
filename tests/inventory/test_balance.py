"""Guarantee G2 as a property: received = available + reserved + sold, after any operations."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from souk.inventory import plans, usecases
from souk.inventory.commands import StockLine
from souk.inventory.domain import (
    AlreadyReturned,
    InsufficientStock,
    NotSold,
    Return,
    ReturnedLine,
)
from souk.inventory.events import StockDepleted
from souk.inventory.usecases import (
    book_return,
    commit_stock,
    expire_hold,
    release_stock,
    reserve_stock,
)
from tests.inventory.builders import adjust, receive
from tests.inventory.fakes import (
    FakeInventory,
    Killed,
    assert_balanced,
    availability_events,
    available,
)

SKUS = [f"SKU-{number}" for number in range(6)]
ORDERS = [f"o-{number}" for number in range(4)]
LINES = {
    order: [
        StockLine(sku=sku, quantity=1 + (n + m) % 3)
        for m, sku in enumerate(SKUS)
        if (n + m) % 4 != 0
    ]
    for n, order in enumerate(ORDERS)
}


def half_of(order: str, half: int) -> Return:
    """One item of each line of the order, or all the others; some are not restocked."""
    quantities = {line.sku: (1, line.quantity - 1)[half] for line in LINES[order]}
    lines = [
        ReturnedLine(sku=sku, quantity=quantity, restock=(position + half) % 3 > 0)
        for position, (sku, quantity) in enumerate(quantities.items())
        if quantity
    ]
    return Return(order_id=order, return_id=f"r-{half}", lines=lines)


class RandomInventory(RuleBasedStateMachine):
    """Commands in any order, repeated, killed before or after any write; leases end.

    Few actions fit into a step here, so every order takes several steps.
    """

    clock: datetime

    @initialize(max_actions=st.integers(2, 12))
    def start(self, max_actions: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(plans, "MAX_ACTIONS_PER_STEP", max_actions)
        self.patch.setattr(usecases, "now", lambda: self.clock)
        self.clock = datetime(2026, 11, 24, tzinfo=UTC)
        self.inventory = FakeInventory()
        self.released: set[str] = set()

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(1, 4), key=st.integers(1, 9))
    def stock_is_received(self, sku: str, quantity: int, key: int) -> None:
        receive(self.inventory, sku, quantity, key=f"{quantity} {key}")

    @rule(sku=st.sampled_from(SKUS), quantity=st.sampled_from([-2, -1, 1]))
    def stock_is_adjusted(self, sku: str, quantity: int) -> None:
        before = available(self.inventory, sku)
        try:
            adjust(self.inventory, sku, quantity)
        except InsufficientStock:
            assert before + quantity < 0

    @rule(
        order=st.sampled_from(ORDERS),
        operation=st.sampled_from(
            ["reserve", "commit", "release", "expire", "return half", "return other half"]
        ),
        killed=st.sampled_from([None, ("killed_before", 1), ("killed_after", 1)])
        | st.tuples(st.sampled_from(["killed_before", "killed_after"]), st.integers(1, 6)),
        concurrent=st.none() | st.tuples(st.integers(0, 3), st.sampled_from(ORDERS), st.booleans()),
    )
    def an_operation_runs(self, order: str, operation: str, killed: Any, concurrent: Any) -> None:
        faults = self.inventory.faults
        faults.reset()
        if killed:
            setattr(faults, *killed)
        if concurrent:
            writes, other_order, reserves = concurrent
            other_operation = "reserve" if reserves else "release"
            faults.concurrent_actions = [
                *[lambda: None] * writes,
                lambda: self._run(other_operation, other_order),
            ]
        with suppress(Killed):
            self._run(operation, order)
        faults.reset()

    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes: int) -> None:
        self.clock += timedelta(minutes=minutes)

    @invariant()
    def nothing_is_lost_and_nothing_oversold(self) -> None:
        assert_balanced(self.inventory, *SKUS)

    @invariant()
    def the_last_event_tells_whether_the_sku_is_available(self) -> None:
        for sku in SKUS:
            events = availability_events(self.inventory, sku)
            versions = [event.availability_version for event in events]
            assert versions == list(range(1, len(events) + 1))
            is_depleted = not events or isinstance(events[-1], StockDepleted)
            assert is_depleted is (available(self.inventory, sku) == 0)

    @invariant()
    def a_released_hold_stays_released(self) -> None:
        for hold in self.inventory.holds():
            if hold.order_id in self.released:
                assert hold.status.value == "released"
            assert hold.progress == 0 or hold.status.value not in (
                "rejected",
                "expired",
                "released",
            )

    def teardown(self) -> None:
        self.patch.undo()

    def _run(self, operation: str, order: str) -> None:
        inventory = self.inventory
        match operation:
            case "reserve":
                result = reserve_stock(order, LINES[order], holds=inventory)
                assert result.status != "rejected" or result.shortages
            case "commit":
                commit_stock(order, holds=inventory)
            case "release":
                with suppress(AlreadyReturned):
                    release_stock(order, holds=inventory)
                    self.released.add(order)
            case "return half" | "return other half":
                half = ["return half", "return other half"].index(operation)
                with suppress(NotSold):
                    book_return(half_of(order, half), returns=inventory)
            case "expire":
                for expired in inventory.expired_holds(self.clock, 100):
                    expire_hold(expired, holds=inventory)


TestRandomInventory = RandomInventory.TestCase


@given(st.permutations([("reserve", o) for o in ORDERS] * 2 + [("release", o) for o in ORDERS] * 2))
def test_repeated_commands_in_any_order_release_all_stock(commands: list[tuple[str, str]]) -> None:
    inventory = FakeInventory()
    for sku in SKUS:
        receive(inventory, sku, 5)

    for command, order in commands:
        if command == "reserve":
            reserve_stock(order, LINES[order], holds=inventory)
        else:
            release_stock(order, holds=inventory)

    assert {available(inventory, sku) for sku in SKUS} == {5}
