"""Nothing acknowledged is lost when everything ends at once, at any moment."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest

from cli.backstage import AwsBackstage
from cli.demo import offer_shipping
from cli.replay import Books, read_day, replay
from infra.synth import openapi_path, synthesize
from local import people
from local.cloud import STACK
from local.secret import secret
from local.shop import Shop
from tests.conftest import ROOT, free_port
from tests.journeys.kills import Victim, kill_often

pytestmark = pytest.mark.cloud


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    assembly = synthesize(print)
    home, openapi = Shop(tmp_path / "shop"), openapi_path(assembly)
    running = home.start(assembly, openapi, free_port(), fresh=False, say=print)
    people.ensure(running)
    offer_shipping(running.urls["storefront"], people.token(running, "sam"))
    yield Victim(home, running, assembly, openapi)
    home.stop()


def test_killed_at_any_moment_a_shop_loses_nothing_and_has_nothing_half(
    victim: Victim, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = request.config.getoption("--kills")

    figures = kill_often(victim, kills, seed=secrets.randbelow(1_000_000))

    with capsys.disabled():
        click.echo(f"\n{figures}")
    assert figures.acknowledged >= 20 * kills
    assert (figures.lost, figures.half) == ([], [])


def test_a_replay_goes_on_through_a_kill_and_balances_when_played_again(
    victim: Victim, tmp_path: Path
) -> None:
    day = tmp_path / "morning.csv"
    lines = (ROOT / "demo" / "day.csv").read_text().splitlines(keepends=True)
    day.write_text("".join(lines[:300]))
    with ThreadPoolExecutor(1) as player:
        first = player.submit(_play, victim, day)
        time.sleep(random.uniform(1, 3))  # noqa: S311 - no secret
        victim.kill()
        victim.open()
    again = _play(victim, day)

    for books in (first.result(), again):
        assert not books.discrepancies
        assert books.balanced
    assert again.as_json()["orders_in_table"] == again.as_json()["placed"] != 0


def _play(victim: Victim, day: Path) -> Books:
    return replay(
        read_day(day),
        base_url=victim.running.urls["storefront"],
        staff_token=lambda: people.token(victim.running, "sam"),
        backstage=AwsBackstage(victim.running.session(), STACK),
        secret=secret(victim.home.state),
        concurrency=4,
        progress=lambda _done, _total: None,
    )
