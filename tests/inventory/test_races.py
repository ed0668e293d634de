"""Concurrent customers: stock is never oversold, and rejections come soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier

import pytest

from souk.inventory.domain import InsufficientStock
from souk.inventory.events import StockDepleted, StockReplenished
from souk.inventory.usecases import commit_stock, release_stock, reserve_stock
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


MAX_SLOWDOWN = 2
"""The last rejection comes within this multiple of the time that all requests would take one after
another. `./souk bench` measures absolute times."""


def measure_seconds_alone(stored: StoredInventory) -> float:
    """The average time of a reservation without concurrent ones."""
    receive(stored, "CHAIR", 30)
    started = time.monotonic()
    for number in range(20):
        assert reserve_stock(f"c-{number}", lines(CHAIR=1), holds=stored).status == "reserved"
    return (time.monotonic() - started) / 20


def retry_while_busy(call: Callable[[], object]) -> None:
    """Retry on Busy, as the workflow does."""
    for _ in range(20):
        with suppress(Busy):
            call()
            return
    raise AssertionError("still busy after 20 attempts")


def test_of_two_hundred_concurrent_orders_for_fifty_items_fifty_are_reserved(
    stored: StoredInventory,
) -> None:
    receive(stored, "LAMP", 50)
    seconds_alone = measure_seconds_alone(stored)
    stored.faults.reset()
    barrier = Barrier(200)

    def reserve(number: int) -> tuple[str, float]:
        barrier.wait()
        started = time.monotonic()
        result = reserve_stock(f"o-{number}", lines(LAMP=1), holds=stored)
        return result.status, time.monotonic() - started

    with ThreadPoolExecutor(200) as customers:
        results = list(customers.map(reserve, range(200)))

    rejected = sorted(seconds for status, seconds in results if status == "rejected")
    assert [status for status, _ in results].count("reserved") == 50
    assert len(rejected) == 150
    assert rejected[-1] < MAX_SLOWDOWN * 200 * seconds_alone
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
