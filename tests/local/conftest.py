"""A small shop of one's own for the tests of the local cloud."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.shop import Running, Shop
from tests.local.small_shop import write_assembly


@dataclass
class Opened:
    """A shop, the process it runs in, and how a test talks to it."""

    shop: Shop
    running: Running
    assembly: Path
    openapi: Path
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        door = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=30)
        sent = None if body is None else json.dumps(body)
        door.request(method, path, sent, {"content-type": "application/json", **headers})
        answer = door.getresponse()
        text = answer.read().decode()
        door.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text

    def order(self, name: str) -> None:
        assert self.call("POST", "/api/guest/orders", {"id": name})[0] == 202

    def heard(self, name: str) -> bool:
        key = {"pk": {"S": f"HEARD#{name}"}, "sk": {"S": "A"}}
        table = self.running.outputs["TableName"]
        return "Item" in self.client("dynamodb").get_item(TableName=table, Key=key)

    def client(self, service: str) -> Any:
        place = (self.running.endpoint, service)
        if place not in self._clients:
            self._clients[place] = self.running.session().client(service)
        return self._clients[place]

    def invoke(self, function: str = "BusyName", **event: Any) -> dict[str, Any]:
        answer = self.client("lambda").invoke(
            FunctionName=self.running.outputs[function], Payload=json.dumps(event), LogType="Tail"
        )
        return {**answer, "said": json.loads(answer["Payload"].read())}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def soon(happens: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def open_shop(folder: Path) -> Opened:
    assembly = folder / "assembly"
    assembly.mkdir(parents=True)
    openapi = folder / "openapi.json"
    openapi.write_text('{"openapi": "3.1.0"}')
    shop = Shop(folder / "state")
    write_assembly(assembly)
    running = shop.start(assembly, openapi, free_port(), fresh=False, say=lambda _: None)
    return Opened(shop, running, assembly, openapi)


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    it = open_shop(tmp_path_factory.mktemp("small-shop"))
    yield it
    it.shop.stop()


@pytest.fixture
def my_own(tmp_path: Path) -> Iterator[Opened]:
    it = open_shop(tmp_path)
    yield it
    it.shop.stop()
