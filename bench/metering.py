"""Counts the AWS calls and capacity units of a step, with the local cloud's meter."""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import httpx

from bench.products import CATEGORY_SIZES, LISTED_SKUS, PRICE
from bench.shop_client import ShopClient, new_guest
from local.meter import PATH
from local.root_signature import RootSignature
from local.shop import RunningShop

REPEATS = 10
QUIET_SECONDS = 2.5  # without a new call until the work is done; a queue may gather for 2 seconds
Counts = dict[str, Any]
ItemT = TypeVar("ItemT")


class Meter:
    """The local cloud's meter."""

    def __init__(self, running: RunningShop) -> None:
        self._http = httpx.Client(
            base_url=running.endpoint,
            auth=RootSignature(running.state),
            timeout=60,
            trust_env=False,
        )

    def count(self, step: Callable[[], object], repeats: int = REPEATS) -> Counts:
        """The average counts of one `step`, with all work that it causes."""
        return self._count(lambda: [None] * repeats, lambda _: step())

    def count_with(
        self,
        prepare: Callable[[], ItemT],
        step: Callable[[ItemT], object],
        repeats: int = REPEATS,
    ) -> Counts:
        """The same for a `step` that needs an item, which is prepared before the count starts."""

        def prepare_all() -> list[ItemT]:
            items = [prepare() for _ in range(repeats)]
            self.wait_until_idle()
            return items

        return self._count(prepare_all, step)

    def _count(
        self, prepare_all: Callable[[], Sequence[ItemT]], step: Callable[[ItemT], object]
    ) -> Counts:
        """Repeats the count if a scheduled function ran meanwhile: its calls were counted, too."""
        while True:
            items = prepare_all()
            self._http.post(PATH).raise_for_status()
            for item in items:
                step(item)
            self._wait_until_quiet()
            counts: Counts = self._http.delete(PATH).raise_for_status().json()
            del counts["running"]
            if not counts.pop("scheduled_runs", 0):
                average: Counts = _divide(counts, len(items))
                return average

    def wait_until_idle(self) -> None:
        """Wait until no work of earlier calls is in progress."""
        self._http.post(PATH).raise_for_status()
        self._wait_until_quiet()
        self._http.delete(PATH).raise_for_status()

    def _wait_until_quiet(self) -> None:
        """Also waits for running functions: a cold start makes no calls for a while."""
        before, current = None, self._read_counts()
        while current != before or current["running"]:
            time.sleep(QUIET_SECONDS)
            before, current = current, self._read_counts()

    def _read_counts(self) -> Counts:
        counts: Counts = self._http.get(PATH).raise_for_status().json()
        return counts


def _divide(counts: Any, repeats: int) -> Any:
    if isinstance(counts, dict):
        return {name: _divide(value, repeats) for name, value in counts.items()}
    return counts / repeats


def meter_steps(client: ShopClient, meter: Meter) -> dict[str, Counts]:
    """The counts of each step of a purchase, by step."""
    small, large = CATEGORY_SIZES
    return {
        "read a product": meter.count(lambda: client.read_product(LISTED_SKUS[0])),
        "a page of 24, category of 100 products": meter.count(lambda: client.list_products(small)),
        "a page of 24, category of 10,000 products": meter.count(
            lambda: client.list_products(large)
        ),
        "put a line into the basket": meter.count_with(
            new_guest, lambda guest: client.put_line(guest, LISTED_SKUS[0])
        ),
        "checkout to confirmed": meter.count_with(
            lambda: client.create_basket(LISTED_SKUS[:1]),
            lambda guest: client.check_out(guest, PRICE),
        ),
    }
