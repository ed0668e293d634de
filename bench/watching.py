"""A developer saves a file: how long until the shop that follows, `./souk up --watch`, has it."""

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

from bench.figures import Figures, Target
from bench.site import Refused
from local.process import free_port

ROOT = Path(__file__).parents[1]
API, PLATFORM = "src/souk/catalog/api.py", "infra/platform.py"
VERSION = """
def handler(event, context, before=handler):
    answer = before(event, context)
    answer["headers"]["x-version"] = f"{}"
    return answer
"""
DEPLOYED = "The changed template is deployed"
SAVES = 3  # of each kind
PATIENCE = 120.0
_TAKEN_ALONG = ("src", "infra", "cli", "local", "requirements", "storefront", ".build")
_LEFT = shutil.ignore_patterns("__pycache__", "unfinished-*", "measured-shop")


@dataclass
class Followed:
    """A project somebody works on, and its shop that follows. Raises Refused when it does not."""

    project: Path
    state: Path
    port: int
    up: subprocess.Popen[bytes]
    said: Path

    def append(self, file: str, text: str) -> float:
        """Save the file with the text at its end; the moment it was saved."""
        return self.save(file, (self.project / file).read_text() + text)

    def restore(self, file: str) -> float:
        return self.save(file, (ROOT / file).read_text())

    def save(self, file: str, content: str) -> float:
        draft = self.project / f"{file}.draft"
        draft.write_text(content)
        draft.replace(self.project / file)  # as editors do
        return time.monotonic()

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
        return self.call("GET", path, None, **headers)

    def call(
        self, method: str, path: str, body: Any, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        door = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = None if body is None else json.dumps(body)
        door.request(method, path, sent, {"content-type": "application/json", **headers})
        answer = door.getresponse()
        text = answer.read().decode()
        door.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, json.loads(text)

    def version(self) -> str | None:
        status, headers, _ = self.get("/api/categories")
        if status != http.client.OK:
            raise Refused(f"/api/categories was answered {status}")
        return headers.get("x-version")

    def seconds_until_version(self, version: str | None, saved: float) -> float:
        while self.version() != version:
            self._still_patient(saved, self.said.read_text())
            time.sleep(0.02)
        return time.monotonic() - saved

    def mark(self) -> int:
        """Where what is said from now on begins."""
        return self.said.stat().st_size

    def hear(self, words: str, mark: int) -> str:
        """All that was said since the mark, once it has the words."""
        began = time.monotonic()
        while not re.search(words, heard := self.said.read_text()[mark:]):
            self._still_patient(began, heard)
            time.sleep(0.02)
        return heard

    def _still_patient(self, since: float, heard: str) -> None:
        if time.monotonic() - since > PATIENCE:
            raise Refused(f"After {PATIENCE:.0f} s the shop that follows had only said: {heard}")


@contextmanager
def followed(folder: Path) -> Iterator[Followed]:
    """A copy of this project, synthesized already, and its shop until the block ends."""
    project, state, port = folder / "project", folder / "state", free_port(0)
    for part in _TAKEN_ALONG:
        shutil.copytree(ROOT / part, project / part, ignore=_LEFT)
    said = folder / "said"
    command = [sys.executable, "-P", "-m", "cli", "up", "--watch", "--no-demo"]
    command += ["--port", str(port), "--state", str(state)]
    paths = os.pathsep.join([str(project), str(project / "src")])
    with said.open("w") as output, subprocess.Popen(
        command, cwd=folder, stderr=output, env={**os.environ, "PYTHONPATH": paths}
    ) as up:  # fmt: skip
        it = Followed(project, state, port, up, said)
        try:
            it.hear("Following src", 0)
            yield it
        finally:
            up.send_signal(signal.SIGINT)


def another_platform(minutes: int) -> str:
    """The platform with one schedule changed to so many minutes."""
    return (ROOT / PLATFORM).read_text().replace("minutes(5)", f"minutes({minutes})")


def saved_files() -> list[Figures]:
    """A changed handler until it answers, a changed construct until it is deployed."""
    handlers, constructs = [], []
    with TemporaryDirectory() as folder, followed(Path(folder)) as it:
        for number in range(SAVES):
            saved = it.append(API, VERSION.format(number))
            handlers.append(it.seconds_until_version(str(number), saved))
        for number in range(SAVES):
            mark = it.mark()
            saved = it.save(PLATFORM, another_platform(6 + number))
            it.hear(DEPLOYED, mark)
            constructs.append(time.monotonic() - saved)
    return [
        Figures("a saved handler answers", "s", handlers, (), Target(2, of="shop")),
        Figures("a saved construct is deployed", "s", constructs, (), Target(15, of="shop")),
    ]
