"""The location of .venv, and whether it matches the requirement files.

It is read at every start of ./souk, so it imports as little as possible. Each installed set of
packages ("run", "dev") leaves a stamp file in .venv: the Python version and machine it was
installed for, followed by a copy of its requirement file.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")


def is_installed(name: str) -> bool:
    """Whether the set is completely installed and up to date."""
    return read_stamp(name) == expected_stamp(name) and os.access(PYTHON, os.X_OK)


def read_stamp(name: str) -> str | None:
    """The stamp of the installed set; None if the set was never installed."""
    try:
        return _read(stamp_path(name))
    except FileNotFoundError:
        return None


def expected_stamp(name: str) -> str:
    """The stamp of a complete, up-to-date installation."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"# {version} {sys.platform} {os.uname().machine}\n{_read(requirements_path(name))}"


def stamp_path(name: str) -> str:
    return os.path.join(VENV, f"installed-{name}.txt")


def requirements_path(name: str) -> str:
    """The requirement file that pins the versions and hashes of the set."""
    return os.path.join(ROOT, "requirements", f"{name}.txt")


def environment_variables() -> dict[str, str]:
    """The environment variables of everything that runs in .venv."""
    variables = dict(os.environ, PYTHONPATH=os.pathsep.join([ROOT, os.path.join(ROOT, "src")]))
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # packages are compiled at their first import
    variables.pop("PYTHONHOME", None)
    return variables


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
