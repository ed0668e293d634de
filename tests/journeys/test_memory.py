"""The memory of the local cloud, under load and idle."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.replay import read_day, replay
from cli.shop_internals import AwsShopInternals
from infra.synth import openapi_path, synthesize
from local import demo_users
from local.cloud import STACK
from local.secret import load_secret
from local.shop import RunningShop, Shop
from tests.conftest import free_port
from tests.local.conftest import eventually

pytestmark = [pytest.mark.cloud, pytest.mark.all]

DEMO_DAY = Path(__file__).resolve().parents[2] / "demo" / "day.csv"
MAX_WORKERS, MAX_IDLE_MEGABYTES = 40, 600
SCHEDULED_FUNCTIONS = 4  # invoked each minute, so they never become idle


def resident_megabytes(running: RunningShop) -> list[int]:
    """The resident memory of each process of the shop."""
    listed = subprocess.run(
        ["/bin/ps", "-g", str(running.pid), "-o", "rss="],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [int(size) // 1024 for size in listed.stdout.split()]


@pytest.mark.timeout(400)
def test_after_a_day_of_orders_an_idle_shop_needs_little_memory(tmp_path: Path) -> None:
    assembly = synthesize(print)
    shop = Shop(tmp_path)
    running = shop.start(assembly, openapi_path(assembly), free_port(), fresh=False, report=print)
    try:
        demo_users.ensure_exist(running)
        assert replay(
            read_day(DEMO_DAY),
            base_url=running.urls["storefront"],
            staff_token=lambda: demo_users.sign_in(running, "sam"),
            internals=AwsShopInternals(running.session(), STACK),
            secret=load_secret(running.state),
            concurrency=16,
            progress=lambda _done, _total: None,
        ).balanced
        processes_under_load = len(resident_megabytes(running))
        assert eventually(
            lambda: len(resident_megabytes(running)) <= 1 + SCHEDULED_FUNCTIONS, seconds=150
        )

        assert processes_under_load <= 1 + MAX_WORKERS
        assert sum(resident_megabytes(running)) < MAX_IDLE_MEGABYTES
    finally:
        shop.stop()
