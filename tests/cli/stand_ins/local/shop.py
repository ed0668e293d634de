"""A shop that is only a diary in its folder: what it was told, line by line."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ShopError(Exception):
    """A refusal in one sentence."""


@dataclass(frozen=True)
class Running:
    state: Path
    pid: int
    port: int
    left_out: tuple[str, ...] = ("AWS::Events::Archive",)

    @property
    def urls(self) -> dict[str, str]:
        origin = f"http://127.0.0.1:{self.port}"
        return {"api": f"{origin}/api", "storefront": f"{origin}/", "docs": f"{origin}/api/docs/"}

    def session(self) -> None:
        """Nothing to ask: the stand-in for the audit asks no cloud."""


@dataclass(frozen=True)
class Queue:
    name: str
    visible: int
    in_flight: int
    dead: int


@dataclass(frozen=True)
class Status:
    ready: bool
    urls: dict[str, str]
    queues: tuple[Queue, ...]

    def as_json(self) -> dict[str, Any]:
        return {"ready": self.ready, "urls": self.urls, "queues": [vars(q) for q in self.queues]}


@dataclass(frozen=True)
class Shop:
    state: Path

    def start(
        self, assembly: Path, openapi: Path, port: int, fresh: bool, say: Callable[[str], None]
    ) -> Running:
        if port == 81:
            raise ShopError("Port 81 is in use; choose another with --port.")
        if port == 82:
            raise KeyError("UserPoolId")
        self.state.mkdir(parents=True, exist_ok=True)
        say("Starting")
        self.write(f"start fresh={fresh} {assembly.name} {openapi.name}")
        (self.state / "running.json").write_text(json.dumps([os.getpid(), port]))
        return Running(self.state, os.getpid(), port)

    def stop(self) -> bool:
        running = self.running()
        if running:
            self.write("stop")
            (self.state / "running.json").unlink()
        return running is not None

    def running(self) -> Running | None:
        file = self.state / "running.json"
        return Running(self.state, *json.loads(file.read_text())) if file.exists() else None

    def status(self) -> Status:
        running = self.running()
        queues = (Queue("orders", 3, 1, 0),) if running else ()
        return Status(running is not None, running.urls if running else {}, queues)

    def write(self, line: str) -> None:
        with (self.state / "diary").open("a") as diary:
            diary.write(f"{line}\n")
