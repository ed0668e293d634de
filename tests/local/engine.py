"""The patched engine alone, without a shop in it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def in_the_engine(script: str) -> str:
    """What a script prints that runs inside an engine of its own, which it may patch."""
    prelude = (
        "import os; from pathlib import Path; from local.cloud import engine_settings;"
        "os.environ.update(engine_settings(Path(os.devnull), 1));"
        "from local import patches\n"
    )
    command = [sys.executable, "-c", prelude + script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
