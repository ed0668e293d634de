"""What AWS would bill for a step, counted in the local cloud on the wire."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import httpx

from bench.site import Site, new_guest
from bench.stock import CATEGORIES, LISTED, PRICE
from local.meter import PATH

REPEATS = 10
QUIET = 2.5  # seconds without a new call until a step's chain is over; a queue may gather for 2
Counts = dict[str, Any]
Item = TypeVar("Item")


class Meter:
    """The local cloud's meter."""

    def __init__(self, endpoint: str) -> None:
        self._http = httpx.Client(base_url=endpoint, timeout=60, trust_env=False)

    def count(self, step: Callable[[], object], repeats: int = REPEATS) -> Counts:
        """What one `step` and all it sets off come to, on average of some."""
        return self._count(lambda: [None] * repeats, lambda _: step())

    def count_with(
        self, make: Callable[[], Item], step: Callable[[Item], object], repeats: int = REPEATS
    ) -> Counts:
        """The same of a `step` that uses something up, which is made before the counting."""

        def made() -> list[Item]:
            items = [make() for _ in range(repeats)]
            self.rest()
            return items

        return self._count(made, step)

    def _count(
        self, made: Callable[[], Sequence[Item]], step: Callable[[Item], object]
    ) -> Counts:  # fmt: skip
        """Counted again when a schedule came in between: its calls are not the step's."""
        while True:
            items = made()
            self._http.post(PATH).raise_for_status()
            for item in items:
                step(item)
            self._wait_until_quiet()
            counted: Counts = self._http.delete(PATH).raise_for_status().json()
            del counted["running"]
            if not counted.pop("scheduled_runs", 0):
                each: Counts = _each(counted, len(items))
                return each

    def rest(self) -> None:
        """Wait until nothing is on its way any more."""
        self._http.post(PATH).raise_for_status()
        self._wait_until_quiet()
        self._http.delete(PATH).raise_for_status()

    def _wait_until_quiet(self) -> None:
        """A cold start is silent for long, so what runs is asked for as well."""
        before, now = None, self._so_far()
        while now != before or now["running"]:
            time.sleep(QUIET)
            before, now = now, self._so_far()

    def _so_far(self) -> Counts:
        counted: Counts = self._http.get(PATH).raise_for_status().json()
        return counted


def _each(counted: Any, repeats: int) -> Any:
    if isinstance(counted, dict):
        return {name: _each(value, repeats) for name, value in counted.items()}
    return counted / repeats


def by_step(site: Site, meter: Meter) -> dict[str, Counts]:
    """Calls and units of each step of a customer's way."""
    small, large = CATEGORIES
    return {
        "read a product": meter.count(lambda: site.read(LISTED[0])),
        "a page, of 100 products": meter.count(lambda: site.page(small)),
        "a page, of 10,000 products": meter.count(lambda: site.page(large)),
        "put a line": meter.count_with(new_guest, lambda guest: site.put(guest, LISTED[0])),
        "checkout until stored": meter.count_with(
            lambda: site.new_basket(LISTED[:1]), lambda guest: site.check_out(guest, PRICE)
        ),
    }


def units(counts: Counts) -> tuple[Counter[str], float, float]:
    """The calls, the read units and the write units."""
    return Counter(counts["calls"]), counts.get("read_units", 0.0), counts.get("write_units", 0.0)
