"""Measures the import time of each library in a cold start (`python -X importtime`)."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

SRC = Path(__file__).parents[1] / "src"
ENTRY_POINTS = (
    "souk.catalog.api",
    "souk.basket.api",
    "souk.ordering.api",
    "souk.ordering.consumer",
)
ROUNDS = 5
OWN_TIME = "clients and routes"
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
    "CHECKOUT_WORKFLOW_ARN": "workflow",
    "CURRENCY": "GBP",
    "DEAD_LETTER_QUEUE_URL": "http://127.0.0.1/dead",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "PYTHONDONTWRITEBYTECODE": "1",  # a function's own code is compiled at each cold start
    "QUEUE_URL": "http://127.0.0.1/queue",
    "TABLE_NAME": "table",
}


def measure_imports() -> dict[str, dict[str, float]]:
    """Milliseconds by entry point and library: the fastest of five rounds."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(
            SRC / "souk", Path(folder, "souk"), ignore=shutil.ignore_patterns("__pycache__")
        )
        return {entry_point: _fastest_round(entry_point, folder) for entry_point in ENTRY_POINTS}


def _fastest_round(entry_point: str, folder: str) -> dict[str, float]:
    rounds = [
        sum_by_library(print_import_times(entry_point, folder), entry_point) for _ in range(ROUNDS)
    ]
    return min(rounds, key=lambda times: sum(times.values()))


def print_import_times(entry_point: str, folder: str) -> Iterable[str]:
    """The lines that Python prints when it imports the entry point's module from the folder."""
    completed = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-c", f"import {entry_point}"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": folder, **_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=True,
    )
    return completed.stderr.splitlines()


def sum_by_library(lines: Iterable[str], entry_point: str) -> dict[str, float]:
    """Milliseconds by library: the sums of the modules' own times.

    The own time of the entry point is OWN_TIME: it creates the AWS clients and the route table.
    """
    microseconds: Counter[str] = Counter()
    for line in lines:
        own_time, _, module = line.removeprefix("import time:").split("|")
        if own_time.strip().isdecimal():
            name = module.strip()
            library = OWN_TIME if name == entry_point else _library_of(name)
            microseconds[library] += int(own_time)
    return {name: round(total / 1000, 1) for name, total in microseconds.most_common()}


def _library_of(module: str) -> str:
    return _LIBRARIES.get(module.partition(".")[0], "Python")
