"""Fixtures for the tests of the local cloud: shops with a small template, which start quickly."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.shop import RunningShop, Shop
from tests.local.sample_assembly import write_assembly


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start a shop, or an engine in a process of its own, need the local cloud."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        module = getattr(item, "module", None)
        if {"small_shop", "own_shop"} & fixtures or hasattr(module, "run_in_engine"):
            item.add_marker(pytest.mark.cloud)


@dataclass
class SmallShop:
    """A shop with the sample assembly, its process, and helpers to call it."""

    shop: Shop
    running: RunningShop
    assembly: Path
    openapi: Path
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Sends an HTTP request to the gateway. Returns status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=30)
        content = None if body is None else json.dumps(body)
        all_headers = {"content-type": "application/json", **headers}
        connection.request(method, path, content, all_headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        response_headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, response_headers, text

    def place_order(self, name: str) -> None:
        assert self.call("POST", "/api/guest/orders", {"id": name})[0] == 202

    def is_consumed(self, name: str) -> bool:
        """Whether the order's event has reached the consumer."""
        key = {"pk": {"S": f"CONSUMED#{name}"}, "sk": {"S": "A"}}
        table = self.running.outputs["TableName"]
        return "Item" in self.client("dynamodb").get_item(TableName=table, Key=key)

    def client(self, service: str) -> Any:
        """A cached AWS client of the current process."""
        key = (self.running.endpoint, service)
        if key not in self._clients:
            self._clients[key] = self.running.session().client(service)
        return self._clients[key]

    def invoke(self, function: str = "ProbeName", **event: Any) -> dict[str, Any]:
        """Invokes a function by the output with its name; `result` is what it returned."""
        response = self.client("lambda").invoke(
            FunctionName=self.running.outputs[function], Payload=json.dumps(event), LogType="Tail"
        )
        return {**response, "result": json.loads(response["Payload"].read())}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    """Whether the condition holds within that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def start_small_shop(folder: Path) -> SmallShop:
    assembly = folder / "assembly"
    assembly.mkdir(parents=True)
    openapi = folder / "openapi.json"
    openapi.write_text('{"openapi": "3.1.0"}')
    shop = Shop(folder / "state")
    write_assembly(assembly)
    running = shop.start(assembly, openapi, free_port(), fresh=False, report=lambda _: None)
    return SmallShop(shop, running, assembly, openapi)


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallShop]:
    """A shop that tests share; they only add to it."""
    started = start_small_shop(tmp_path_factory.mktemp("small-shop"))
    yield started
    started.shop.stop()


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[SmallShop]:
    """A shop of one test, which may stop, kill or change it."""
    started = start_small_shop(tmp_path)
    yield started
    started.shop.stop()
