"""Concurrent customers: stock is never oversold, and rejections come soon."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier, Lock, get_ident

import pytest

from souk.inventory.domain import InsufficientStock
from souk.inventory.events import StockDepleted, StockReplenished
from souk.inventory.usecases import commit_stock, release_stock, reserve_stock
from souk.kernel import aws
from souk.kernel.errors import Busy
from tests.inventory.builders import adjust, lines, many_lines, receive, receive_all
from tests.inventory.fakes import (
    StoredInventory,
    allocated,
    assert_balanced,
    availability_events,
    available,
)

pytestmark = pytest.mark.cloud


MAX_FACTOR = 2
"""All customers together need at most this multiple of the calls that they would need one after
another."""

MAX_PAUSE_SECONDS = 1.3
"""The longest pauses of `souk.kernel.retry` in all. No customer waits longer between attempts."""


class Effort:
    """Counts the calls of DynamoDB, and each thread's pauses between attempts.

    Unlike the time until an answer, they do not depend on what else the machine does.
    `./souk bench` measures that time.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.pauses: defaultdict[int, float] = defaultdict(float)
        self._lock = Lock()
        aws.dynamodb().meta.events.register("before-call.dynamodb", self._count_call)
        self._sleep = time.sleep
        monkeypatch.setattr(time, "sleep", self._pause)

    def _count_call(self, **_: object) -> None:
        with self._lock:
            self.calls += 1

    def _pause(self, seconds: float) -> None:
        self.pauses[get_ident()] += seconds
        self._sleep(seconds)


@pytest.fixture
def effort(monkeypatch: pytest.MonkeyPatch, stored: StoredInventory) -> Iterator[Effort]:
    effort = Effort(monkeypatch)
    yield effort
    aws.dynamodb().meta.events.unregister("before-call.dynamodb", effort._count_call)


def count_calls_alone(stored: StoredInventory, effort: Effort) -> float:
    """The average number of calls for a reservation without concurrent ones."""
    receive(stored, "CHAIR", 30)
    before = effort.calls
    for number in range(20):
        assert reserve_stock(f"c-{number}", lines(CHAIR=1), holds=stored).status == "reserved"
    return (effort.calls - before) / 20


def retry_while_busy(call: Callable[[], object]) -> None:
    """Retry on Busy, as the workflow does."""
    for _ in range(20):
        with suppress(Busy):
            call()
            return
    raise AssertionError("still busy after 20 attempts")


def test_of_two_hundred_concurrent_orders_for_fifty_items_fifty_are_reserved(
    stored: StoredInventory, effort: Effort
) -> None:
    receive(stored, "LAMP", 50)
    calls_alone = count_calls_alone(stored, effort)
    stored.faults.reset()
    barrier = Barrier(200)

    def reserve(number: int) -> str:
        barrier.wait()
        return reserve_stock(f"o-{number}", lines(LAMP=1), holds=stored).status

    before = effort.calls
    with ThreadPoolExecutor(200) as customers:
        statuses = Counter(customers.map(reserve, range(200)))

    assert statuses == {"reserved": 50, "rejected": 150}
    assert effort.calls - before < MAX_FACTOR * 200 * calls_alone
    assert all(seconds < MAX_PAUSE_SECONDS for seconds in effort.pauses.values())
    assert availability_events(stored) == [
        StockReplenished(sku="LAMP", availability_version=1),
        StockDepleted(sku="LAMP", availability_version=2),
    ]
    assert_balanced(stored, "LAMP", "CHAIR")


def test_concurrent_reservations_and_releases_publish_exact_availability_events(
    stored: StoredInventory,
) -> None:
    receive(stored, "LAMP", 3)

    def reserve_and_release(number: int) -> None:
        for attempt in range(6):
            order = f"o-{number}-{attempt}"
            retry_while_busy(
                partial(reserve_stock, order, lines(LAMP=1 + number % 2), holds=stored)
            )
            retry_while_busy(partial(release_stock, order, holds=stored))

    with ThreadPoolExecutor(8) as customers:
        list(customers.map(reserve_and_release, range(8)))

    events = availability_events(stored)
    assert len(events) > 3
    assert [event.availability_version for event in events] == list(range(1, len(events) + 1))
    assert all(
        isinstance(event, StockReplenished) is bool(event.availability_version % 2)
        for event in events
    )
    assert available(stored) == 3
    assert_balanced(stored, "LAMP")


def test_six_concurrent_workflows_of_one_large_order_hold_it_once(stored: StoredInventory) -> None:
    order_lines = many_lines(200)
    receive_all(stored, order_lines)

    with ThreadPoolExecutor(6) as workflows:
        results = list(
            workflows.map(lambda _: reserve_stock("o-1", order_lines, holds=stored), range(6))
        )

    assert {result.status for result in results} == {"reserved"}
    assert allocated(stored) == {line.sku: 2 for line in order_lines}
    assert_balanced(stored, *(line.sku for line in order_lines))


def test_a_concurrent_commit_and_release_end_in_a_release(
    stored: StoredInventory,
) -> None:
    receive(stored, "LAMP", 20)
    for number in range(10):
        reserve_stock(f"o-{number}", lines(LAMP=2), holds=stored)

    with ThreadPoolExecutor(8) as workflows:
        for number in range(10):
            workflows.submit(commit_stock, f"o-{number}", holds=stored)
            workflows.submit(release_stock, f"o-{number}", holds=stored)

    assert (available(stored), allocated(stored)) == (20, {})
    assert_balanced(stored, "LAMP")


def test_concurrent_adjustments_never_remove_reserved_stock(
    stored: StoredInventory,
) -> None:
    receive(stored, "LAMP", 10)

    def adjust_or_reserve(number: int) -> None:
        with suppress(InsufficientStock, Busy):
            if number % 2:
                adjust(stored, "LAMP", -1)
            else:
                reserve_stock(f"o-{number}", lines(LAMP=1), holds=stored)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(adjust_or_reserve, range(24)))

    assert available(stored) == 0
    assert_balanced(stored, "LAMP")
