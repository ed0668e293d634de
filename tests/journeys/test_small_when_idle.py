"""What a shop costs the laptop it runs on: while customers come, and once nobody calls."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.backstage import AwsBackstage
from cli.replay import read_day, replay
from infra.synth import openapi_path, synthesize
from local import people
from local.cloud import STACK
from local.secret import secret
from local.shop import Running, Shop
from tests.conftest import free_port
from tests.local.conftest import soon

pytestmark = [pytest.mark.cloud, pytest.mark.all]

DEMO_DAY = Path(__file__).resolve().parents[2] / "demo" / "day.csv"
WORKERS, MEGABYTES = 40, 600
CLOCKS = 4  # functions the clock calls each minute


def resident(running: Running) -> list[int]:
    """The memory of each of the shop's processes, in MB, as the system counts it."""
    listed = subprocess.run(
        ["/bin/ps", "-g", str(running.pid), "-o", "rss="],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [int(size) // 1024 for size in listed.stdout.split()]


@pytest.mark.timeout(400)
def test_after_a_day_of_orders_the_idle_shop_is_small_again(tmp_path: Path) -> None:
    assembly = synthesize(print)
    shop = Shop(tmp_path)
    running = shop.start(assembly, openapi_path(assembly), free_port(), fresh=False, say=print)
    try:
        people.ensure(running)
        assert replay(
            read_day(DEMO_DAY),
            base_url=running.urls["storefront"],
            staff_token=lambda: people.token(running, "sam"),
            backstage=AwsBackstage(running.session(), STACK),
            secret=secret(running.state),
            concurrency=16,
            progress=lambda _done, _total: None,
        ).balanced
        busy = resident(running)
        assert soon(lambda: len(resident(running)) <= 1 + CLOCKS, seconds=150)

        assert len(busy) <= 1 + WORKERS
        assert sum(resident(running)) < MEGABYTES
    finally:
        shop.stop()
