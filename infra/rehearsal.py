"""Whether the functions of an assembly would start: their handlers imported, nobody called.

It happens in a process of its own, on the assembly's own code and layer, with the variables the
template gives each function; what only a deployment can fill in is a word in its place.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra import blame, swap

ROOT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"


class WouldNotStart(Exception):
    """One sentence: which line keeps a function from starting."""


def rehearse(assembly: Path, stack: str) -> None:
    """Raises WouldNotStart."""
    code, layer = swap.code_of(assembly, stack), swap.layer_of(assembly, stack)
    done = subprocess.run(
        [sys.executable, "-P", "-B", "-m", "infra.rehearsal", str(code), str(layer / "python")],
        input=json.dumps(_functions(assembly, stack)),
        env=_bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WouldNotStart((done.stderr.strip() or "it said nothing").splitlines()[-1])


def _functions(assembly: Path, stack: str) -> list[tuple[str, dict[str, str]]]:
    template = json.loads((assembly / f"{stack}.template.json").read_text())
    return [
        (resource["Properties"]["Handler"], _variables(resource["Properties"]))
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]


def _variables(properties: dict[str, Any]) -> dict[str, str]:
    given = properties.get("Environment", {}).get("Variables", {})
    return {
        name: value if isinstance(value, str) else "known-later" for name, value in given.items()
    }


def _bare_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    region = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    return {**kept, **keys, **region, "PYTHONPATH": str(ROOT)}


def _import_all(code: Path, functions: list[tuple[str, dict[str, str]]]) -> None:
    before = dict(os.environ)
    for handler, variables in functions:
        os.environ.clear()
        os.environ.update({**before, **variables})
        module, _, name = handler.rpartition(".")
        try:
            getattr(importlib.import_module(module), name)
        except BaseException as error:  # noqa: BLE001 - an exit keeps a function from starting, too
            sys.exit(blame.sentence(error, code, inside="src"))


if __name__ == "__main__":
    sys.path.remove(str(ROOT))  # a function has nothing of the project but its code
    for ours in [name for name in sys.modules if name.partition(".")[0] == "infra"]:
        del sys.modules[ours]
    sys.path[:0] = sys.argv[1:3]
    _import_all(Path(sys.argv[1]), json.load(sys.stdin))
