"""The shop is killed at random moments. Nothing acknowledged is lost."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest

from cli.demo import create_demo_shipping_options
from cli.replay import ReplayReport, read_day, replay
from cli.shop_internals import AwsShopInternals
from infra.synth import openapi_path, synthesize
from local import demo_users
from local.cloud import STACK
from local.secret import load_secret
from local.shop import Shop
from tests.conftest import ROOT, free_port
from tests.journeys.kills import KillableShop, kill_repeatedly

pytestmark = pytest.mark.cloud


@pytest.fixture
def killable_shop(tmp_path: Path) -> Iterator[KillableShop]:
    assembly = synthesize(print)
    shop, openapi = Shop(tmp_path / "shop"), openapi_path(assembly)
    running = shop.start(assembly, openapi, free_port(), fresh=False, report=print)
    demo_users.ensure_exist(running)
    create_demo_shipping_options(running.urls["storefront"], demo_users.sign_in(running, "sam"))
    yield KillableShop(shop, running, assembly, openapi)
    shop.stop()


def test_a_shop_killed_at_any_moment_loses_nothing_and_completes_everything(
    killable_shop: KillableShop, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = request.config.getoption("--kills")

    report = kill_repeatedly(killable_shop, kills, seed=secrets.randbelow(1_000_000))

    with capsys.disabled():
        click.echo(f"\n{report}")
    assert report.acknowledged >= 20 * kills
    assert (report.lost, report.incomplete) == ([], [])


def test_a_replay_continues_after_a_kill_and_balances_when_it_is_repeated(
    killable_shop: KillableShop, tmp_path: Path
) -> None:
    day = tmp_path / "morning.csv"
    lines = (ROOT / "demo" / "day.csv").read_text().splitlines(keepends=True)
    day.write_text("".join(lines[:300]))
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(_replay, killable_shop, day)
        time.sleep(random.uniform(1, 3))  # noqa: S311 - no secret
        killable_shop.kill()
        killable_shop.start()
    second = _replay(killable_shop, day)

    for report in (first.result(), second):
        assert not report.discrepancies
        assert report.balanced
    assert second.as_json()["orders_in_table"] == second.as_json()["placed"] != 0


def _replay(target: KillableShop, day: Path) -> ReplayReport:
    return replay(
        read_day(day),
        base_url=target.running.urls["storefront"],
        staff_token=lambda: demo_users.sign_in(target.running, "sam"),
        internals=AwsShopInternals(target.running.session(), STACK),
        secret=load_secret(target.shop.state),
        concurrency=4,
        progress=lambda _done, _total: None,
    )
