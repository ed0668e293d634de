"""`./souk up --watch` on a copy of the whole project: files are saved, the shop follows."""

import http.client
import itertools
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra import synth
from local import people
from local.shop import Shop
from tests.conftest import free_port

ROOT = Path(__file__).parents[2]
API, HANDLERS = "src/souk/catalog/api.py", "src/souk/catalog/handlers.py"
CONSUMER, PLATFORM = "src/souk/ordering/consumer.py", "infra/platform.py"
SETTLED = "template|goes on as it was"  # nothing more follows
MINUTES = itertools.count(6)
PATIENCE = 60.0  # of a test; the promises are asserted by themselves

VERSION = """
def handler(event, context, before=handler):
    answer = before(event, context)
    answer["headers"]["x-version"] = f"{}"
    return answer
"""
GREETING = '''
@ROUTES.add("GET", "/greeting", Access.PUBLIC, answer=CategoryList)
def greet(_call: Call) -> CategoryList:
    """Greet."""
    return CategoryList([])
'''
UNKNOWN_TYPE = """
from aws_cdk import CfnResource
class Edge(Edge):
    def __init__(self, scope, name, **rest):
        super().__init__(scope, name, **rest)
        CfnResource(self, "Odd", type="AWS::Nothing::There")
"""
LOG = logging.getLogger(__name__)  # figures: pytest -o log_cli=true --log-cli-level=INFO


@dataclass
class Followed:
    """A project somebody works on, and its shop that follows."""

    project: Path
    state: Path
    port: int
    up: subprocess.Popen[bytes]
    said: Path

    def append(self, file: str, text: str) -> float:
        """Save the file with the text at its end; the moment it was saved."""
        content = (self.project / file).read_text() + text
        return self.save(file, content)

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
        assert status == 200
        return headers.get("x-version")

    def seconds_until_version(self, version: str | None, saved: float) -> float:
        while self.version() != version:
            assert time.monotonic() - saved < PATIENCE, self.said.read_text()
            time.sleep(0.02)
        return time.monotonic() - saved

    def mark(self) -> int:
        """Where what is said from now on begins."""
        return self.said.stat().st_size

    def hear(self, words: str, mark: int) -> str:
        """All that was said since the mark, once it has the words."""
        began = time.monotonic()
        while not re.search(words, heard := self.said.read_text()[mark:]):
            assert time.monotonic() - began < PATIENCE, heard
            time.sleep(0.02)
        return heard


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    folder = tmp_path_factory.mktemp("followed")
    project, state, port = folder / "project", folder / "state", free_port()
    synth.synthesize(print)
    for part in ("src", "infra", "cli", "local", "requirements", "storefront", ".build"):
        shutil.copytree(
            ROOT / part,
            project / part,
            ignore=shutil.ignore_patterns("__pycache__", "unfinished-*"),
        )
    said = folder / "said"
    command = [sys.executable, "-P", "-m", "cli", "up", "--watch", "--no-demo"]
    command += ["--port", str(port), "--state", str(state)]
    paths = os.pathsep.join([str(project), str(project / "src")])
    with said.open("w") as output, subprocess.Popen(
        command, cwd=folder, stderr=output, env={**os.environ, "PYTHONPATH": paths}
    ) as up:  # fmt: skip
        it = Followed(project, state, port, up, said)
        it.hear("Following src", 0)
        yield it
        up.send_signal(signal.SIGINT)
    assert up.returncode == 130
    assert Shop(state).running() is None
    assert "Traceback" not in said.read_text()


@pytest.fixture(autouse=True)
def as_it_was(followed: Followed) -> Iterator[None]:
    """Each test leaves a shop that is, code and template, what the project is."""
    yield
    for file in (API, CONSUMER, HANDLERS, PLATFORM):
        if (followed.project / file).read_text() != (ROOT / file).read_text():
            mark = followed.mark()
            followed.restore(file)
            followed.hear(SETTLED, mark)
    followed.seconds_until_version(None, time.monotonic())


def slowness() -> float:
    """How much longer a program takes to start now than on a machine with nothing else to do."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import botocore.session"], check=True)
    return max(1, (time.monotonic() - began) / 0.4)


def another_platform() -> str:
    """The platform with a schedule it never had before."""
    return (ROOT / PLATFORM).read_text().replace("minutes(5)", f"minutes({next(MINUTES)})")


def test_a_changed_handler_answers_within_two_seconds(followed: Followed) -> None:
    taken = []
    for version in ("first", "second", "third"):
        saved = followed.append(API, VERSION.format(version))
        taken.append(followed.seconds_until_version(version, saved) / slowness())

    LOG.info("save to first changed answer: %s", [round(each, 2) for each in taken])
    assert min(taken) < 2


def test_broken_code_is_told_once_and_the_old_goes_on(followed: Followed) -> None:
    mark = followed.mark()

    followed.append(API, "def broken(:\n")
    heard = followed.hear("The shop goes on as it was.", mark)

    assert "Not taken over: src/souk/catalog/api.py, line " in heard
    assert "SyntaxError" in heard
    assert heard.count("Not taken over") == 1
    assert followed.version() is None

    followed.restore(API)
    saved = followed.append(API, VERSION.format("mended"))
    assert followed.seconds_until_version("mended", saved)


def test_a_consumer_that_could_not_start_replaces_nothing(followed: Followed) -> None:
    mark = followed.mark()

    followed.append(CONSUMER, "\nimport nothing_there\n")
    heard = followed.hear("The shop goes on as it was.", mark)

    assert f"{CONSUMER}, line " in heard
    assert "ModuleNotFoundError: No module named 'nothing_there'" in heard


def test_a_changed_construct_is_deployed_within_fifteen_seconds_with_all_data_kept(
    followed: Followed,
) -> None:
    running = Shop(followed.state).running()
    assert running is not None
    product = {
        "sku": "KEPT-1", "name": "Kept", "description": "", "category": "things",
        "price": {"amount": 100, "currency": "GBP"}, "weight_grams": 1,
    }  # fmt: skip
    token = people.token(running, "sam")
    made = followed.call(
        "POST", "/api/staff/products", product, Authorization=f"Bearer {token}"
    )  # fmt: skip
    assert made[0] == 201, made
    mark = followed.mark()

    saved = followed.save(PLATFORM, another_platform())
    followed.hear("The changed template is deployed", mark)
    taken = (time.monotonic() - saved) / slowness()

    LOG.info("save to construct deployed: %.2f", taken)
    assert taken < 15
    rules = running.session().client("events").list_rules()["Rules"]
    assert "rate(5 minutes)" not in {rule.get("ScheduleExpression") for rule in rules}
    assert followed.get("/api/products/KEPT-1")[0] == 200


def test_a_route_saved_with_its_handler_reaches_the_template(followed: Followed) -> None:
    assert followed.get("/api/greeting")[0] == 404
    mark = followed.mark()

    followed.append(HANDLERS, GREETING)
    followed.hear("The changed template is deployed", mark)

    assert followed.get("/api/greeting")[0] == 200
    assert "/api/greeting" in followed.get("/api/openapi.json")[2]["paths"]


@pytest.mark.parametrize(
    ("mistake", "told"),
    [("\nnonsense\n", "infra/platform.py, line "), (UNKNOWN_TYPE, "AWS::Nothing::There")],
    ids=["not synthesized", "not deployed"],
)
def test_a_refused_template_is_told_once_and_the_old_goes_on(
    followed: Followed, mistake: str, told: str
) -> None:
    mark = followed.mark()

    followed.append(PLATFORM, mistake)
    heard = followed.hear("The shop goes on as it was.", mark)

    assert told in heard
    assert heard.count("Not taken over") == 1
    assert followed.version() is None
    mark = followed.mark()
    followed.save(PLATFORM, another_platform())
    followed.hear("The changed template is deployed", mark)


def test_code_that_needs_a_changed_template_waits_for_it(followed: Followed) -> None:
    mark = followed.mark()
    platform = (ROOT / PLATFORM).read_text()

    given = platform.replace('{"TABLE_NAME"', '{"GIVEN": "together", "TABLE_NAME"', 1)
    followed.save(PLATFORM, given)
    followed.append(API, "import os\nGIVEN = os.environ['GIVEN']" + VERSION.format("{GIVEN}"))
    heard = followed.hear("The changed template is deployed", mark)

    assert followed.version() == "together"
    assert "Not taken over" not in heard


def test_code_whose_template_is_refused_is_taken_back(followed: Followed) -> None:
    mark = followed.mark()

    followed.append(API, VERSION.format("too early"))
    followed.append(PLATFORM, "\nnonsense\n")
    followed.hear("The shop goes on as it was.", mark)

    assert followed.version() is None
