"""Kills a shop under load, restarts it and verifies everything that it had acknowledged."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from local.process import start_time
from local.shop import RunningShop, Shop
from tests.journeys.visitor import Guest, Staff, new_key, wait_until

CUSTOMERS = 6  # at the same time
CHECKOUT_PROBABILITY = 0.8


@dataclass
class Visit:
    """What one guest did, and which of it was acknowledged."""

    guest: Guest
    sku: str
    quantities: list[int] = field(default_factory=list)  # in the order they were put
    acknowledged_puts: int = 0  # all quantities, or all but the last
    checkout: dict[str, Any] | None = None  # the request
    key: str = field(default_factory=new_key)
    order_id: str | None = None  # None until a checkout is acknowledged

    def run(self, rng: random.Random, stopping: threading.Event) -> None:
        """Put some quantities and, mostly, check out. Ends early when the shop is killed."""
        for _ in range(rng.randint(1, 3)):
            if stopping.is_set():
                return
            self.quantities.append(rng.randint(1, 9))
            if not self._put(self.quantities[-1]):
                return
            self.acknowledged_puts += 1
        if rng.random() < CHECKOUT_PROBABILITY:
            request = self.guest.checkout_request()
            self.checkout = request
            response = self.guest.check_out(request, self.key)
            if response.status_code == 202:
                self.order_id = response.json()["order_id"]

    def _put(self, quantity: int) -> bool:
        path = f"/guest/basket/items/{self.sku}"
        return self.guest.http.put(path, json={"quantity": quantity}).status_code == 200

    @property
    def acknowledged(self) -> int:
        return self.acknowledged_puts + (self.order_id is not None)


@dataclass
class KillReport:
    """The results of a series of kills."""

    seed: int
    kills: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)  # acknowledged, but not there
    incomplete: list[str] = field(default_factory=list)  # only a part of it is there
    start_seconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills (seed {self.seed}): {self.acknowledged:,} acknowledged,"
            f" {len(self.lost)} lost, {len(self.incomplete)} incomplete, restarted in"
            f" {median(self.start_seconds):.1f} s (at most {max(self.start_seconds):.1f} s)"
        )


@dataclass
class KillableShop:
    """A shop that can be killed and started again at the same address."""

    shop: Shop
    running: RunningShop
    assembly: Path
    openapi: Path

    def kill(self) -> None:
        """Kill all processes of the shop at once."""
        os.killpg(self.running.pid, signal.SIGKILL)
        wait_until("the end of the process", lambda: start_time(self.running.pid) is None)

    def start(self) -> float:
        """Start the shop again. Returns the seconds it took."""
        started = time.monotonic()
        self.running = self.shop.start(
            self.assembly, self.openapi, self.running.port, fresh=False, report=lambda _: None
        )
        return time.monotonic() - started


def kill_repeatedly(target: KillableShop, kills: int, seed: int) -> KillReport:
    """Kill the shop at random moments while guests use it, and verify each visit afterwards."""
    report, rng = KillReport(seed), random.Random(seed)  # noqa: S311 - no secret
    for _ in range(kills):
        visits = _visit_until_kill(target, rng)
        report.kills += 1
        report.acknowledged += sum(visit.acknowledged for visit in visits)
        report.start_seconds.append(target.start())
        with ThreadPoolExecutor(CUSTOMERS) as threads:
            list(threads.map(lambda visit: _verify(visit, report), visits))
    return report


def _visit_until_kill(target: KillableShop, rng: random.Random) -> list[Visit]:
    skus = [Staff(target.running).list_product() for _ in range(3)]
    for sku in skus:
        Guest(target.running).put(sku)  # waits until basket knows the product
    stopping, visits = threading.Event(), list[Visit]()

    def visit_repeatedly(rng: random.Random) -> None:
        while not stopping.is_set():
            visit = Visit(Guest(target.running), rng.choice(skus))
            visits.append(visit)
            try:
                visit.run(rng, stopping)
            except (httpx.TransportError, KeyError):
                return  # killed: an unacknowledged request may have taken effect or not

    with ThreadPoolExecutor(CUSTOMERS) as threads:
        seeds = [rng.random() for _ in range(CUSTOMERS)]
        for seed in seeds:
            threads.submit(visit_repeatedly, random.Random(seed))  # noqa: S311 - no secret
        minimum = rng.randint(20, 150)
        wait_until(
            f"{minimum} acknowledged requests",
            lambda: sum(visit.acknowledged for visit in [*visits]) >= minimum,
        )
        time.sleep(rng.uniform(0, 0.3))
        target.kill()
        stopping.set()
    return visits


def _verify(visit: Visit, report: KillReport) -> None:
    name = f"{visit.key} (kill {report.kills})"
    if visit.checkout is None:
        possible = visit.quantities[visit.acknowledged_puts - 1 :]
        if visit.acknowledged_puts and _quantity(visit) not in possible:
            report.lost.append(f"a line of {name}")
        return
    if visit.order_id is None:
        _verify_unacknowledged_checkout(visit, name, report)
    response = visit.guest.check_out(visit.checkout, visit.key)
    if visit.order_id not in (None, response.json().get("order_id")):
        report.lost.append(f"the checkout of {name}")
        return
    visit.guest.wait_for_order(response.json()["order_id"])
    if len(visit.guest.orders()) != 1 or _quantity(visit):
        report.incomplete.append(
            f"{name}: {len(visit.guest.orders())} orders, {_quantity(visit)} still in the basket"
        )


def _verify_unacknowledged_checkout(visit: Visit, name: str, report: KillReport) -> None:
    """Either the basket is closed and there is an order, or neither."""
    if _quantity(visit) == 0:
        try:
            wait_until("its order", visit.guest.orders)
        except AssertionError:
            report.incomplete.append(f"{name}: the basket is closed, and there is no order")
    elif visit.guest.orders():
        report.incomplete.append(f"{name}: there is an order, and the basket is open")


def _quantity(visit: Visit) -> int:
    """The quantity of the visit's product in the basket."""
    lines = visit.guest.basket()["lines"]
    return sum(line["quantity"] for line in lines if line["sku"] == visit.sku)
