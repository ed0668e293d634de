"""A shop that starts nothing. It only records the calls in a file of its state folder."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ShopError(Exception):
    """A message of one sentence."""


@dataclass(frozen=True)
class RunningShop:
    state: Path
    pid: int
    port: int
    omitted_types: tuple[str, ...] = ("AWS::Events::Archive",)

    @property
    def urls(self) -> dict[str, str]:
        origin = f"http://127.0.0.1:{self.port}"
        return {"api": f"{origin}/api", "storefront": f"{origin}/", "docs": f"{origin}/api/docs/"}

    def session(self) -> None:
        """The stubs of audit and replay need no session."""


@dataclass(frozen=True)
class QueueDepth:
    name: str
    visible: int
    in_flight: int
    dead: int


@dataclass(frozen=True)
class ShopStatus:
    ready: bool
    urls: dict[str, str]
    queues: tuple[QueueDepth, ...]

    def as_json(self) -> dict[str, Any]:
        return {"ready": self.ready, "urls": self.urls, "queues": [vars(q) for q in self.queues]}


@dataclass(frozen=True)
class Shop:
    state: Path

    def start(
        self, assembly: Path, openapi: Path, port: int, fresh: bool, report: Callable[[str], None]
    ) -> RunningShop:
        if port == 81:
            raise ShopError("Port 81 is in use; choose another with --port.")
        if port == 82:
            raise KeyError("UserPoolId")
        self.state.mkdir(parents=True, exist_ok=True)
        report("Starting")
        self.record(f"start fresh={fresh} {assembly.name} {openapi.name}")
        (self.state / "running.json").write_text(json.dumps([os.getpid(), port]))
        return RunningShop(self.state, os.getpid(), port)

    def stop(self) -> bool:
        running = self.find_running()
        if running:
            self.record("stop")
            (self.state / "running.json").unlink()
        return running is not None

    def find_running(self) -> RunningShop | None:
        file = self.state / "running.json"
        return RunningShop(self.state, *json.loads(file.read_text())) if file.exists() else None

    def status(self) -> ShopStatus:
        running = self.find_running()
        queues = (QueueDepth("orders", 3, 1, 0),) if running else ()
        return ShopStatus(running is not None, running.urls if running else {}, queues)

    def record(self, call: str) -> None:
        with (self.state / "calls").open("a") as calls:
            calls.write(f"{call}\n")
