"""Where .venv is and whether it is what the requirement files say: read on every start, so quick.

An installed set ("run", "dev") leaves a stamp in .venv: the Python it was made for and its
requirement file, word for word.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")


def is_installed(name: str) -> bool:
    return stamped(name) == wanted(name) and os.access(PYTHON, os.X_OK)


def stamped(name: str) -> str | None:
    """What was installed; None if this set never was."""
    try:
        return _read(stamp(name))
    except FileNotFoundError:
        return None


def wanted(name: str) -> str:
    """What the stamp says when the installation is what it should be."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"# {version} {sys.platform} {os.uname().machine}\n{_read(locked(name))}"


def stamp(name: str) -> str:
    return os.path.join(VENV, f"installed-{name}.txt")


def locked(name: str) -> str:
    return os.path.join(ROOT, "requirements", f"{name}.txt")


def variables() -> dict[str, str]:
    """The environment variables of everything that runs in .venv."""
    ours = dict(os.environ, PYTHONPATH=os.pathsep.join([ROOT, os.path.join(ROOT, "src")]))
    ours.pop("PYTHONDONTWRITEBYTECODE", None)  # packages are compiled when they are first used
    ours.pop("PYTHONHOME", None)
    return ours


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
