"""Runs scripts inside an engine without a shop."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_in_engine(script: str) -> str:
    """What the script prints. It runs in a process of its own and may apply `patches`."""
    prelude = (
        "import os; from pathlib import Path; from local.cloud import engine_settings;"
        "os.environ.update(engine_settings(Path(os.devnull), 1, 'secret'));"
        "from local import patches\n"
    )
    command = [sys.executable, "-c", prelude + script]
    completed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.strip()
