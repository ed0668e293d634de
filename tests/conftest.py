"""What tests of all areas share: one running shop a session, its AWS, and the real days."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest

from cli.demo import offer_shipping
from infra.synth import openapi_path, synthesize
from local import people
from local.shop import Running, Shop
from souk.kernel import aws
from souk.notification import post

# A loaded machine is slow now and then; an example's time says nothing about the shop.
hypothesis.settings.register_profile("souk", deadline=None)
hypothesis.settings.load_profile("souk")

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=2, help="how often the kill test kills")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole shop on a local cloud of its own; tests keep apart by fresh SKUs and visitors."""
    with open_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@contextmanager
def open_shop(state: Path) -> Iterator[Running]:
    """A shop that sells, until the block ends."""
    assembly = synthesize(print)
    home = Shop(state)
    running = home.start(assembly, openapi_path(assembly), free_port(), fresh=False, say=print)
    people.ensure(running)
    offer_shipping(running.urls["storefront"], people.token(running, "sam"))
    yield running
    home.stop()


@pytest.fixture
def in_function(shop: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Code of the rooms, called in this process, speaks to the running shop's AWS."""
    for name, value in {
        "AWS_ENDPOINT_URL": shop.endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "local",
    }.items():
        monkeypatch.setenv(name, value)
    forget_clients()
    yield shop
    forget_clients()


def forget_clients() -> None:
    for cached in (
        aws._session,
        aws.dynamodb,
        aws.eventbridge,
        aws.functions,
        aws.secretsmanager,
        post.ses,
        post.sns,
        aws.sqs,
        aws.stepfunctions,
    ):
        cached.cache_clear()


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real shop's days and products; tests that ask for it are marked `data`."""
    return Path(os.environ.get("SOUK_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def retail_days(data_folder: Path) -> list[Path]:
    return sorted((data_folder / "retail").glob("*.csv"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
