"""Guarantee G2 as a property: received = available + reserved + sold, whatever is done."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from souk.inventory import plans, usecases
from souk.inventory.commands import WantedLine
from souk.inventory.domain import CameBack, NotEnoughFree, NotSold, Return, ReturnedLine
from souk.inventory.events import StockDepleted
from souk.inventory.usecases import (
    book_return,
    commit_stock,
    end_lease,
    release_stock,
    reserve_stock,
)
from tests.inventory.builders import adjust, receive
from tests.inventory.fakes import FakeInventory, Killed, available, balanced, turns

SKUS = [f"SKU-{number}" for number in range(6)]
ORDERS = [f"o-{number}" for number in range(4)]
LINES = {
    order: [
        WantedLine(sku=sku, quantity=1 + (n + m) % 3)
        for m, sku in enumerate(SKUS)
        if (n + m) % 4 != 0
    ]
    for n, order in enumerate(ORDERS)
}


def half_of(order: str, half: int) -> Return:
    """A piece of each of the order's lines, or all the others; some of it is to be written off."""
    pieces = {line.sku: (1, line.quantity - 1)[half] for line in LINES[order]}
    lines = [
        ReturnedLine(sku=sku, quantity=quantity, restock=(place + half) % 3 > 0)
        for place, (sku, quantity) in enumerate(pieces.items())
        if quantity
    ]
    return Return(order_id=order, return_id=f"r-{half}", lines=lines)


class Shelves(RuleBasedStateMachine):
    """Any commands in any order, doubled, killed before or after any write, leases ending.

    A write takes so few changes here that every order is a large one.
    """

    clock: datetime

    @initialize(at_once=st.integers(2, 12))
    def open(self, at_once: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(plans, "AT_ONCE", at_once)
        self.patch.setattr(usecases, "now", lambda: self.clock)
        self.clock = datetime(2026, 11, 24, tzinfo=UTC)
        self.inventory = FakeInventory()
        self.final: dict[str, str] = {}

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(1, 4), key=st.integers(1, 9))
    def goods_come(self, sku: str, quantity: int, key: int) -> None:
        receive(self.inventory, sku, quantity, key=f"{quantity} {key}")

    @rule(sku=st.sampled_from(SKUS), by=st.sampled_from([-2, -1, 1]))
    def staff_count(self, sku: str, by: int) -> None:
        before = available(self.inventory, sku)
        try:
            adjust(self.inventory, sku, by)
        except NotEnoughFree:
            assert before + by < 0

    @rule(
        order=st.sampled_from(ORDERS),
        what=st.sampled_from(["reserve", "commit", "release", "sweep", "half", "other half"]),
        dies=st.sampled_from([None, ("killed_before", 1), ("killed_after", 1)])
        | st.tuples(st.sampled_from(["killed_before", "killed_after"]), st.integers(1, 6)),
        rival=st.none() | st.tuples(st.integers(0, 3), st.sampled_from(ORDERS), st.booleans()),
    )
    def the_workflow_asks(self, order: str, what: str, dies: Any, rival: Any) -> None:
        trouble = self.inventory.trouble
        trouble.is_over()
        if dies:
            setattr(trouble, *dies)
        if rival:
            after, other, takes = rival
            ask = "reserve" if takes else "release"
            trouble.meanwhile = [*[lambda: None] * after, lambda: self._ask(ask, other)]
        with suppress(Killed):
            self._ask(what, order)
        trouble.is_over()

    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes: int) -> None:
        self.clock += timedelta(minutes=minutes)

    @invariant()
    def nothing_is_lost_and_nothing_oversold(self) -> None:
        balanced(self.inventory, *SKUS)

    @invariant()
    def the_last_turn_tells_whether_something_is_free(self) -> None:
        for sku in SKUS:
            said = turns(self.inventory, sku)
            assert [fact.turn for fact in said] == list(range(1, len(said) + 1))
            is_out = not said or isinstance(said[-1], StockDepleted)
            assert is_out is (available(self.inventory, sku) == 0)

    @invariant()
    def what_was_answered_stays(self) -> None:
        for hold in self.inventory.holds():
            if hold.order_id in self.final:
                assert hold.status.value == "released"
            assert hold.progress == 0 or hold.status.value not in ("rejected", "lapsed", "released")

    def teardown(self) -> None:
        self.patch.undo()

    def _ask(self, what: str, order: str) -> None:
        holds = self.inventory
        match what:
            case "reserve":
                answer = reserve_stock(order, LINES[order], holds=holds)
                assert answer.status != "rejected" or answer.shortages
            case "commit":
                commit_stock(order, holds=holds)
            case "release":
                with suppress(CameBack):
                    release_stock(order, holds=holds)
                    self.final[order] = "released"
            case "half" | "other half":
                with suppress(NotSold):
                    book_return(half_of(order, ["half", "other half"].index(what)), returns=holds)
            case "sweep":
                for ended in holds.ended(self.clock, 100):
                    end_lease(ended, holds=holds)


TestShelves = Shelves.TestCase


@given(st.permutations([("reserve", o) for o in ORDERS] * 2 + [("release", o) for o in ORDERS] * 2))
def test_commands_doubled_in_any_order_leave_all_goods_free(asked: list[tuple[str, str]]) -> None:
    inventory = FakeInventory()
    for sku in SKUS:
        receive(inventory, sku, 5)

    for what, order in asked:
        if what == "reserve":
            reserve_stock(order, LINES[order], holds=inventory)
        else:
            release_stock(order, holds=inventory)

    assert {available(inventory, sku) for sku in SKUS} == {5}
