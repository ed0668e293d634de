"""Many customers at the same moment: nobody is oversold, and who loses hears it soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier

import pytest

from souk.inventory.domain import NotEnoughFree
from souk.inventory.events import StockDepleted, StockReplenished
from souk.inventory.usecases import commit_stock, release_stock, reserve_stock
from souk.kernel.errors import Busy
from tests.inventory.builders import adjust, lines, many, receive, received
from tests.inventory.fakes import StoredInventory, available, balanced, held, turns

pytestmark = pytest.mark.cloud


PATIENCE = 2
"""The last loser waits at most so many times as if all had come one after the other, on whatever
machine; `./souk bench` measures the seconds of the whole shop."""


def seconds_alone(stored: StoredInventory) -> float:
    """What a customer waits who has no rivals."""
    receive(stored, "CHAIR", 30)
    began = time.monotonic()
    for number in range(20):
        assert reserve_stock(f"c-{number}", lines(CHAIR=1), holds=stored).status == "reserved"
    return (time.monotonic() - began) / 20


def insist(ask: Callable[[], object]) -> None:
    """Ask as the workflow does: again, when told that others always came first."""
    for _ in range(20):
        with suppress(Busy):
            ask()
            return
    raise AssertionError("always too busy")


def test_two_hundred_racing_for_the_last_fifty_buy_exactly_fifty(stored: StoredInventory) -> None:
    receive(stored, "LAMP", 50)
    alone = seconds_alone(stored)
    stored.trouble.is_over()
    moment = Barrier(200)

    def race(number: int) -> tuple[str, float]:
        moment.wait()
        began = time.monotonic()
        answer = reserve_stock(f"o-{number}", lines(LAMP=1), holds=stored)
        return answer.status, time.monotonic() - began

    with ThreadPoolExecutor(200) as customers:
        ended = list(customers.map(race, range(200)))

    lost = sorted(seconds for status, seconds in ended if status == "rejected")
    assert [status for status, _ in ended].count("reserved") == 50
    assert len(lost) == 150
    assert lost[-1] < PATIENCE * 200 * alone
    assert turns(stored) == [
        StockReplenished(sku="LAMP", turn=1),
        StockDepleted(sku="LAMP", turn=2),
    ]
    balanced(stored, "LAMP", "CHAIR")


def test_the_first_and_the_last_piece_are_told_exactly_though_all_come_and_go_at_once(
    stored: StoredInventory,
) -> None:
    receive(stored, "LAMP", 3)

    def come_and_go(number: int) -> None:
        for again in range(6):
            order = f"o-{number}-{again}"
            insist(partial(reserve_stock, order, lines(LAMP=1 + number % 2), holds=stored))
            insist(partial(release_stock, order, holds=stored))

    with ThreadPoolExecutor(8) as customers:
        list(customers.map(come_and_go, range(8)))

    told = turns(stored)
    assert len(told) > 3
    assert [fact.turn for fact in told] == list(range(1, len(told) + 1))
    assert all(isinstance(fact, StockReplenished) is bool(fact.turn % 2) for fact in told)
    assert available(stored) == 3
    balanced(stored, "LAMP")


def test_six_workflows_of_one_large_order_hold_it_once(stored: StoredInventory) -> None:
    wanted = many(200)
    received(stored, wanted)

    with ThreadPoolExecutor(6) as workflows:
        answers = list(
            workflows.map(lambda _: reserve_stock("o-1", wanted, holds=stored), range(6))
        )

    assert {answer.status for answer in answers} == {"reserved"}
    assert held(stored) == {line.sku: 2 for line in wanted}
    balanced(stored, *(line.sku for line in wanted))


def test_selling_and_giving_back_at_the_same_moment_ends_in_giving_back(
    stored: StoredInventory,
) -> None:
    receive(stored, "LAMP", 20)
    for number in range(10):
        reserve_stock(f"o-{number}", lines(LAMP=2), holds=stored)

    with ThreadPoolExecutor(8) as workflows:
        for number in range(10):
            workflows.submit(commit_stock, f"o-{number}", holds=stored)
            workflows.submit(release_stock, f"o-{number}", holds=stored)

    assert (available(stored), held(stored)) == (20, {})
    balanced(stored, "LAMP")


def test_staff_counting_while_customers_buy_never_count_below_what_is_held(
    stored: StoredInventory,
) -> None:
    receive(stored, "LAMP", 10)

    def take(number: int) -> None:
        with suppress(NotEnoughFree, Busy):
            if number % 2:
                adjust(stored, "LAMP", -1)
            else:
                reserve_stock(f"o-{number}", lines(LAMP=1), holds=stored)

    with ThreadPoolExecutor(8) as hands:
        list(hands.map(take, range(24)))

    assert available(stored) == 0
    balanced(stored, "LAMP")
