"""Finds the line of the project that raised an exception."""

from __future__ import annotations

import traceback
from pathlib import Path


def describe_error(error: BaseException, root: Path, inside: str = "") -> str:
    """One line: the innermost file below `root` and its line number, error type and message.

    `inside` is prefixed to the path, for a `root` that is a copy of that folder of the project.
    """
    description = f"{type(error).__name__}: {_first_line(error)}".removesuffix(": ")
    location = _location(error, root.resolve())
    if location is None:
        return description
    file, line = location
    return f"{Path(inside, file)}, line {line}: {description}"


def _first_line(error: BaseException) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return (message.strip().splitlines() or [""])[0]


def _location(error: BaseException, root: Path) -> tuple[Path, int | None] | None:
    frames = traceback.extract_tb(error.__traceback__)
    locations = [(frame.filename, frame.lineno) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        locations.append((error.filename, error.lineno))
    for name, line in reversed(locations):
        file = Path(name).resolve()
        if file.is_relative_to(root) and ".venv" not in file.parts:
            return file.relative_to(root), line
    return None
