"""Fixtures of all tests: one running shop per session, its AWS, and real sales data."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest

from cli.demo import create_demo_shipping_options
from infra.synth import openapi_path, synthesize
from local import demo_users, root_key
from local.shop import RunningShop, Shop
from souk.kernel import aws
from souk.notification import senders

# On a loaded machine an example can take long, which says nothing about the shop.
hypothesis.settings.register_profile("souk", deadline=None)
hypothesis.settings.load_profile("souk")

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=2, help="how often the kill test kills the shop")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """The whole shop on a local cloud. Tests share it and use SKUs and guests of their own."""
    with running_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@contextmanager
def running_shop(state: Path) -> Iterator[RunningShop]:
    """A shop with demo users and shipping options, stopped at the end of the block."""
    assembly = synthesize(print)
    shop = Shop(state)
    running = shop.start(assembly, openapi_path(assembly), free_port(), fresh=False, report=print)
    demo_users.ensure_exist(running)
    create_demo_shipping_options(running.urls["storefront"], demo_users.sign_in(running, "sam"))
    yield running
    shop.stop()


@pytest.fixture
def lambda_env(shop: RunningShop, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningShop]:
    """The environment of a Lambda function: service code in this process calls the shop's AWS."""
    for name, value in root_key.environment(shop.state, shop.endpoint).items():
        monkeypatch.setenv(name, value)
    clear_client_caches()
    yield shop
    clear_client_caches()


def clear_client_caches() -> None:
    for cached in (
        aws._session,
        aws.dynamodb,
        aws.eventbridge,
        aws.lambda_client,
        aws.secretsmanager,
        senders.ses,
        senders.sns,
        aws.sqs,
        aws.stepfunctions,
    ):
        cached.cache_clear()


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Sales data and products of a real shop. Tests that use it are marked `data`."""
    return Path(os.environ.get("SOUK_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def retail_days(data_folder: Path) -> list[Path]:
    return sorted((data_folder / "retail").glob("*.csv"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
