"""Measures `./souk up --watch`: the time from a saved file until the shop has the change."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.results import StepResult, Target
from bench.shop_client import BenchmarkError
from local.process import find_free_port

ROOT = Path(__file__).parents[1]
API, PLATFORM = "src/souk/catalog/api.py", "infra/platform.py"
VERSION_CODE = """
def handler(event, context, before=handler):
    response = before(event, context)
    response["headers"]["x-version"] = f"{}"
    return response
"""
"""Appended to API, it adds a header `x-version` to every response."""

DEPLOYED = "The changed template is deployed"
SAVES_PER_KIND = 3
TIMEOUT_SECONDS = 120.0
_COPIED_FOLDERS = ("src", "infra", "cli", "local", "requirements", "storefront", ".build")
_IGNORED_FILES = shutil.ignore_patterns("__pycache__", "unfinished-*", "measured-shop")


@dataclass
class WatchedProject:
    """A copy of the project and its shop, which runs with --watch.

    Methods that wait raise BenchmarkError after a timeout.
    """

    project: Path
    state: Path
    port: int
    up: subprocess.Popen[bytes]
    output: Path

    def append(self, file: str, text: str) -> float:
        """Append text to the file and save it. Returns the time of the save."""
        return self.save(file, (self.project / file).read_text() + text)

    def restore(self, file: str) -> float:
        return self.save(file, (ROOT / file).read_text())

    def save(self, file: str, content: str) -> float:
        draft = self.project / f"{file}.draft"
        draft.write_text(content)
        draft.replace(self.project / file)  # as editors do
        return time.monotonic()

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
        return self.send("GET", path, None, **headers)

    def send(
        self, method: str, path: str, body: Any, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Returns status, headers with names in lower case, and the parsed body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        content = None if body is None else json.dumps(body)
        all_headers = {"content-type": "application/json", **headers}
        connection.request(method, path, content, all_headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        names = {name.lower(): value for name, value in response.getheaders()}
        return response.status, names, json.loads(text)

    def version(self) -> str | None:
        """The `x-version` header of the running code."""
        status, headers, _ = self.get("/api/categories")
        if status != http.client.OK:
            raise BenchmarkError(f"/api/categories returned status {status}")
        return headers.get("x-version")

    def wait_for_version(self, version: str | None, saved_at: float) -> float:
        """Returns the seconds from the save until the running code has this version."""
        while self.version() != version:
            self._check_timeout(saved_at, self.output.read_text())
            time.sleep(0.02)
        return time.monotonic() - saved_at

    def output_position(self) -> int:
        """The current end of the command's output."""
        return self.output.stat().st_size

    def wait_for_output(self, pattern: str, position: int) -> str:
        """Returns all output after the position, once the pattern is found in it."""
        started = time.monotonic()
        while not re.search(pattern, output := self.output.read_text()[position:]):
            self._check_timeout(started, output)
            time.sleep(0.02)
        return output

    def _check_timeout(self, since: float, output: str) -> None:
        if time.monotonic() - since > TIMEOUT_SECONDS:
            raise BenchmarkError(
                f"`up --watch` did not deploy the change within {TIMEOUT_SECONDS:.0f} s;"
                f" its output: {output}"
            )


@contextmanager
def watched_project(folder: Path) -> Iterator[WatchedProject]:
    """A copy of this project with its synthesized template, and its shop until the block ends."""
    project, state, port = folder / "project", folder / "state", find_free_port(0)
    for name in _COPIED_FOLDERS:
        shutil.copytree(ROOT / name, project / name, ignore=_IGNORED_FILES)
    output = folder / "output"
    command = [sys.executable, "-P", "-m", "cli", "up", "--watch", "--no-demo"]
    command += ["--port", str(port), "--state", str(state)]
    paths = os.pathsep.join([str(project), str(project / "src")])
    with output.open("w") as stderr, subprocess.Popen(
        command, cwd=folder, stderr=stderr, env={**os.environ, "PYTHONPATH": paths}
    ) as up:  # fmt: skip
        watched = WatchedProject(project, state, port, up, output)
        try:
            watched.wait_for_output("Watching src", 0)
            yield watched
        finally:
            up.send_signal(signal.SIGINT)


def platform_with_schedule(minutes: int) -> str:
    """The source of the platform, with the interval of one schedule changed."""
    return (ROOT / PLATFORM).read_text().replace("minutes(5)", f"minutes({minutes})")


def measure_saved_files() -> list[StepResult]:
    """The time until a changed handler responds, and until a changed construct is deployed."""
    handlers, constructs = [], []
    with TemporaryDirectory() as folder, watched_project(Path(folder)) as watched:
        for number in range(SAVES_PER_KIND):
            saved_at = watched.append(API, VERSION_CODE.format(number))
            handlers.append(watched.wait_for_version(str(number), saved_at))
        for number in range(SAVES_PER_KIND):
            position = watched.output_position()
            saved_at = watched.save(PLATFORM, platform_with_schedule(6 + number))
            watched.wait_for_output(DEPLOYED, position)
            constructs.append(time.monotonic() - saved_at)
    return [
        StepResult("a saved handler is live", "s", handlers, (), Target(2, of="shop")),
        StepResult("a saved construct is deployed", "s", constructs, (), Target(15, of="shop")),
    ]
