"""What is held for orders, wherever it is kept: all or nothing, each command once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from souk.inventory import usecases
from souk.inventory.commands import Committed, Released, Reserved, Shortage, WantedLine
from souk.inventory.domain import OtherLines, Status
from souk.inventory.events import (
    StockDepleted,
    StockRejected,
    StockReleased,
    StockReplenished,
    StockReserved,
)
from souk.inventory.plans import AT_ONCE, LEASE
from souk.inventory.usecases import commit_stock, end_lease, release_stock, reserve_stock
from souk.kernel import dynamo
from souk.kernel.clock import now
from souk.kernel.errors import Busy
from souk.kernel.facts import Cause, caused_by
from tests.inventory.builders import adjust, lines, many, receive, received
from tests.inventory.fakes import (
    FakeInventory,
    Inventory,
    Killed,
    StoredInventory,
    available,
    balanced,
    held,
    of_orders,
    turns,
)

RESERVED = Reserved(status="reserved")
RELEASED = Reserved(status="released")
COMMITTED = Committed(status="committed")
LAPSED = Committed(status="lapsed")


def status(inventory: Inventory, order_id: str = "o-1") -> Status:
    hold, _ = inventory.look(order_id, [])
    assert hold is not None
    return hold.status


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock goes on beyond any lease."""
    moment = now() + LEASE + timedelta(seconds=1)
    monkeypatch.setattr(usecases, "now", lambda: moment)


def swept(inventory: Inventory) -> list[str]:
    """The orders whose lease had ended at the clock's time."""
    clock = usecases.now  # type: ignore[attr-defined]  # as `later` set it
    ended = inventory.ended(clock(), 100)
    for order_id in ended:
        end_lease(order_id, holds=inventory)
    return ended


def test_an_orders_lines_are_held_and_said_so(inventory: Inventory) -> None:
    received(inventory, lines(LAMP=5, RUG=5))

    answer = reserve_stock("o-1", lines(RUG=1, LAMP=2), holds=inventory)

    assert answer == RESERVED
    assert (available(inventory, "LAMP"), available(inventory, "RUG")) == (3, 4)
    assert of_orders(inventory) == [StockReserved(order_id="o-1")]
    balanced(inventory, "LAMP", "RUG")


def test_an_order_with_one_line_short_holds_nothing_and_hears_what_is_short(
    inventory: Inventory,
) -> None:
    received(inventory, lines(LAMP=5, RUG=1))

    answer = reserve_stock("o-1", lines(LAMP=2, RUG=2, NEVER=1), holds=inventory)

    assert answer == Reserved(
        status="rejected",
        shortages=[
            Shortage(sku="NEVER", wanted=1, available=0),
            Shortage(sku="RUG", wanted=2, available=1),
        ],
    )
    assert held(inventory) == {}
    assert of_orders(inventory) == [StockRejected(order_id="o-1", skus=["NEVER", "RUG"])]


def test_each_command_repeated_is_answered_the_same_and_does_nothing_more(
    inventory: Inventory,
) -> None:
    receive(inventory, "LAMP", 5)
    wanted = lines(LAMP=2)

    assert [reserve_stock("o-1", wanted, holds=inventory) for _ in range(2)] == [RESERVED] * 2
    assert [commit_stock("o-1", holds=inventory) for _ in range(2)] == [COMMITTED] * 2
    assert reserve_stock("o-1", wanted, holds=inventory) == RESERVED
    assert available(inventory) == 3
    assert [release_stock("o-1", holds=inventory) for _ in range(2)] == [Released()] * 2

    assert available(inventory) == 5
    assert of_orders(inventory) == [
        StockReserved(order_id="o-1"),
        StockReleased(order_id="o-1"),
    ]


def test_a_refusal_stays_one_though_goods_have_come_meanwhile(inventory: Inventory) -> None:
    first = reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    receive(inventory, "LAMP", 5)

    again = reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert again == first == Reserved(status="rejected", shortages=again.shortages)
    assert available(inventory) == 5


def test_an_order_released_before_it_was_reserved_never_holds_anything(
    inventory: Inventory,
) -> None:
    receive(inventory, "LAMP", 5)

    release_stock("o-1", holds=inventory)
    late = reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert late == RELEASED
    assert commit_stock("o-1", holds=inventory) == LAPSED
    assert (available(inventory), of_orders(inventory)) == (5, [])


def test_a_refused_order_that_is_released_has_nothing_to_give_back(inventory: Inventory) -> None:
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    release_stock("o-1", holds=inventory)

    assert reserve_stock("o-1", lines(LAMP=2), holds=inventory) == RELEASED
    assert of_orders(inventory) == [StockRejected(order_id="o-1", skus=["LAMP"])]


def test_what_was_sold_can_be_given_back(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    commit_stock("o-1", holds=inventory)
    assert swept(inventory) == []

    release_stock("o-1", holds=inventory)

    assert (available(inventory), status(inventory)) == (5, Status.RELEASED)
    balanced(inventory, "LAMP")


def test_of_an_order_that_holds_nothing_nothing_is_sold(inventory: Inventory) -> None:
    assert commit_stock("o-1", holds=inventory) == LAPSED
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    assert commit_stock("o-1", holds=inventory) == LAPSED


def test_an_order_keeps_the_lines_it_came_with(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 5)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    with pytest.raises(OtherLines):
        reserve_stock("o-1", lines(LAMP=3), holds=inventory)

    assert available(inventory) == 3


@pytest.mark.parametrize("wrong", [lines(LAMP=0), lines(LAMP=-1), [*lines(LAMP=1), *lines(LAMP=2)]])
def test_lines_that_are_none_hold_nothing(inventory: Inventory, wrong: list[WantedLine]) -> None:
    receive(inventory, "LAMP", 5)

    with pytest.raises(ValueError, match="o-1"):
        reserve_stock("o-1", wrong, holds=inventory)

    assert available(inventory) == 5


def test_two_workflows_of_one_order_hold_it_once(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 10)
    inventory.trouble.meanwhile = [lambda: reserve_stock("o-1", lines(LAMP=2), holds=inventory)]

    assert reserve_stock("o-1", lines(LAMP=2), holds=inventory) == RESERVED

    assert available(inventory) == 8
    assert of_orders(inventory) == [StockReserved(order_id="o-1")]
    balanced(inventory, "LAMP")


def test_a_release_that_comes_while_the_order_is_being_held_is_final(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 10)
    inventory.trouble.meanwhile = [lambda: release_stock("o-1", holds=inventory)]

    assert reserve_stock("o-1", lines(LAMP=2), holds=inventory) == RELEASED

    assert (available(inventory), of_orders(inventory)) == (10, [])


@pytest.mark.cloud
def test_a_hold_read_while_it_is_being_written_is_read_whole(
    stored: StoredInventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(stored, "LAMP", 10)
    reserve_stock("o-1", lines(LAMP=2), holds=stored)
    get_many = dynamo.get_many

    def half(table: str, keys: Sequence[tuple[str, str]]) -> Any:
        return {key: row for key, row in get_many(table, keys).items() if key[1] != "LINES"}

    monkeypatch.setattr(dynamo, "get_many", half)
    found, _ = stored.look("o-1", [])

    assert found is not None
    assert found.lines == lines(LAMP=2)


# --- leases


def test_a_hold_whose_workflow_died_is_let_go_when_its_lease_ends(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(inventory, "LAMP", 2)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    assert swept(inventory) == []
    later(monkeypatch)

    assert [swept(inventory), swept(inventory)] == [["o-1"], []]

    assert (available(inventory), status(inventory)) == (2, Status.LAPSED)
    assert commit_stock("o-1", holds=inventory) == LAPSED
    assert of_orders(inventory)[-1] == StockReleased(order_id="o-1")


def test_a_lapsed_hold_may_be_reserved_again(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(inventory, "LAMP", 2)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    later(monkeypatch)
    swept(inventory)

    again = reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert (again, commit_stock("o-1", holds=inventory)) == (RESERVED, COMMITTED)
    balanced(inventory, "LAMP")


def test_what_the_sweep_does_belongs_to_the_orders_journey(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inventory = FakeInventory()
    receive(inventory, "LAMP", 2)
    with caused_by(Cause("the order's journey")):
        reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    later(monkeypatch)

    swept(inventory)

    assert inventory.journeys == ["the order's journey"] * 2


def test_who_commits_while_the_sweep_comes_keeps_the_goods(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(inventory, "LAMP", 2)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    later(monkeypatch)
    inventory.trouble.meanwhile = [lambda: commit_stock("o-1", holds=inventory)]

    end_lease("o-1", holds=inventory)

    assert (status(inventory), available(inventory)) == (Status.COMMITTED, 0)


def test_a_lease_of_an_order_half_held_is_ended_too(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = many(AT_ONCE + 10)
    received(inventory, [WantedLine(sku=line.sku, quantity=9) for line in wanted])
    inventory.trouble.is_over()
    inventory.trouble.killed_after = 1
    with pytest.raises(Killed):
        reserve_stock("o-1", wanted, holds=inventory)
    assert (status(inventory), len(held(inventory))) == (Status.RESERVING, AT_ONCE)
    later(monkeypatch)

    assert swept(inventory) == ["o-1"]

    assert (status(inventory), held(inventory)) == (Status.LAPSED, {})
    assert reserve_stock("o-1", wanted, holds=inventory) == RESERVED
    balanced(inventory, *(line.sku for line in wanted))


def test_an_order_whose_lease_is_half_ended_lets_go_of_the_rest_and_is_held_anew(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = many(AT_ONCE + 10)
    received(inventory, wanted)
    reserve_stock("o-1", wanted, holds=inventory)
    later(monkeypatch)
    inventory.trouble.is_over()
    inventory.trouble.killed_after = 1
    with pytest.raises(Killed):
        end_lease("o-1", holds=inventory)
    assert status(inventory) is Status.RELEASING

    assert reserve_stock("o-1", wanted, holds=inventory) == RESERVED
    balanced(inventory, *(line.sku for line in wanted))


# --- the last piece


def test_the_last_piece_taken_and_brought_back_is_told_once_each(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 3)
    reserve_stock("o-1", lines(LAMP=2), holds=inventory)
    reserve_stock("o-2", lines(LAMP=1), holds=inventory)
    release_stock("o-1", holds=inventory)
    release_stock("o-2", holds=inventory)
    adjust(inventory, "LAMP", -3)

    assert turns(inventory) == [
        StockReplenished(sku="LAMP", turn=1),
        StockDepleted(sku="LAMP", turn=2),
        StockReplenished(sku="LAMP", turn=3),
        StockDepleted(sku="LAMP", turn=4),
    ]


def test_a_rival_who_takes_most_of_it_first_leaves_the_last_piece_to_be_told(
    inventory: Inventory,
) -> None:
    receive(inventory, "LAMP", 5)
    inventory.trouble.meanwhile = [
        lambda: reserve_stock("o-2", lines(LAMP=3), holds=inventory),
    ]

    assert reserve_stock("o-1", lines(LAMP=2), holds=inventory) == RESERVED

    assert turns(inventory)[1:] == [StockDepleted(sku="LAMP", turn=2)]
    balanced(inventory, "LAMP")


def test_a_rival_who_was_faster_leaves_a_refusal(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 2)
    inventory.trouble.meanwhile = [
        lambda: reserve_stock("o-2", lines(LAMP=1), holds=inventory),
    ]

    answer = reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert answer.shortages == [Shortage(sku="LAMP", wanted=2, available=1)]
    balanced(inventory, "LAMP")


def test_stock_gone_and_come_back_between_reading_and_writing_is_another_turn(
    inventory: Inventory,
) -> None:
    receive(inventory, "LAMP", 2)

    def away_and_back() -> None:
        reserve_stock("o-2", lines(LAMP=2), holds=inventory)
        release_stock("o-2", holds=inventory)

    inventory.trouble.meanwhile = [away_and_back]

    reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert [fact.turn for fact in turns(inventory)] == [1, 2, 3, 4]
    assert turns(inventory)[-1] == StockDepleted(sku="LAMP", turn=4)


def test_who_never_gets_their_turn_is_told_to_ask_again(inventory: Inventory) -> None:
    receive(inventory, "LAMP", 2)

    def away_and_back() -> None:
        adjust(inventory, "LAMP", -2)
        receive(inventory, "LAMP", 2)

    inventory.trouble.meanwhile = [away_and_back] * usecases.TRIES

    with pytest.raises(Busy):
        reserve_stock("o-1", lines(LAMP=2), holds=inventory)

    assert held(inventory) == {}
