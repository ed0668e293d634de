"""Each import's share of a cold start, as Python itself counts it (`-X importtime`)."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

SRC = Path(__file__).parents[1] / "src"
ENTRIES = ("souk.catalog.api", "souk.basket.api", "souk.ordering.api", "souk.ordering.consumer")
ROUNDS = 5
STARTING = "clients and routes made"
_LIBRARIES = {
    "botocore": "botocore",
    "urllib3": "botocore",
    "dateutil": "botocore",
    "jmespath": "botocore",
    "six": "botocore",
    "aws_lambda_powertools": "Powertools",
    "msgspec": "msgspec",
    "souk": "souk",
}
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "000000000000",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_SECRET_ACCESS_KEY": "local",
    "BUCKET_NAME": "bucket",
    "BUS_NAME": "bus",
    "CHECKOUT_WORKFLOW": "workflow",
    "CURRENCY": "GBP",
    "DEAD_LETTER_QUEUE_URL": "http://127.0.0.1/dead",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "PYTHONDONTWRITEBYTECODE": "1",  # a function's own code is compiled at each cold start
    "QUEUE_URL": "http://127.0.0.1/queue",
    "TABLE_NAME": "table",
}


def shares() -> dict[str, dict[str, float]]:
    """Milliseconds by library, for each entry point; the quickest of some rounds."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(
            SRC / "souk", Path(folder, "souk"), ignore=shutil.ignore_patterns("__pycache__")
        )
        return {entry: _quickest(entry, folder) for entry in ENTRIES}


def _quickest(entry: str, folder: str) -> dict[str, float]:
    rounds = [by_library(printed(entry, folder), entry) for _ in range(ROUNDS)]
    return min(rounds, key=lambda each: sum(each.values()))


def printed(entry: str, folder: str) -> Iterable[str]:
    done = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-c", f"import {entry}"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": folder, **_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.splitlines()


def by_library(lines: Iterable[str], entry: str) -> dict[str, float]:
    """Each module's own time, added up by the library it belongs to.

    The entry point's own time is what it makes while it starts: clients, the table of routes.
    """
    spent: Counter[str] = Counter()
    for line in lines:
        own, _, module = line.removeprefix("import time:").split("|")
        if own.strip().isdecimal():
            name = module.strip()
            spent[STARTING if name == entry else _library(name)] += int(own)
    return {name: round(each / 1000, 1) for name, each in spent.most_common()}


def _library(module: str) -> str:
    return _LIBRARIES.get(module.partition(".")[0], "Python")
