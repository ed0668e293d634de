"""Imports the handlers of all functions of an assembly, to detect code that does not start.

The imports run in a separate process, with the assembly's own code and layers and with each
function's environment variables from the template. A value that only a deployment can resolve is
replaced by a placeholder. No handler is called.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra import code_update, error_location

ROOT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"


class ImportCheckFailed(Exception):
    """A handler cannot be imported. The message names file, line and error."""


def check_imports(assembly: Path, stack: str) -> None:
    """Raises ImportCheckFailed for the first handler that cannot be imported."""
    layers = code_update.layer_folders(assembly, stack)
    completed = subprocess.run(
        [
            sys.executable,
            "-P",
            "-B",
            "-m",
            "infra.import_check",
            str(code_update.code_folder(assembly, stack)),
            *(str(layer / "python") for layer in layers),
        ],
        input=json.dumps(_functions(assembly, stack)),
        env=_minimal_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode:
        stderr = completed.stderr.strip() or "no error message"
        raise ImportCheckFailed(stderr.splitlines()[-1])


def _functions(assembly: Path, stack: str) -> list[tuple[str, dict[str, str]]]:
    """Handler and environment variables of each function in the template."""
    template = json.loads((assembly / f"{stack}.template.json").read_text())
    return [
        (resource["Properties"]["Handler"], _variables(resource["Properties"]))
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]


def _variables(properties: dict[str, Any]) -> dict[str, str]:
    variables = properties.get("Environment", {}).get("Variables", {})
    return {
        name: value if isinstance(value, str) else "known-after-deployment"
        for name, value in variables.items()
    }


def _minimal_environment() -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    credentials = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    region = {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    return {**inherited, **credentials, **region, "PYTHONPATH": str(ROOT)}


def _import_handlers(code: Path, functions: list[tuple[str, dict[str, str]]]) -> None:
    environment = dict(os.environ)
    for handler, variables in functions:
        os.environ.clear()
        os.environ.update({**environment, **variables})
        module, _, name = handler.rpartition(".")
        try:
            getattr(importlib.import_module(module), name)
        except BaseException as error:  # noqa: BLE001 - a module that exits does not start either
            sys.exit(error_location.describe_error(error, code, inside="src"))


if __name__ == "__main__":
    sys.path.remove(str(ROOT))  # a deployed function cannot import the rest of the project
    for name in [name for name in sys.modules if name.partition(".")[0] == "infra"]:
        del sys.modules[name]
    sys.path[:0] = sys.argv[1:]
    _import_handlers(Path(sys.argv[1]), json.load(sys.stdin))
