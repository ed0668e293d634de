"""Says where in the project an exception comes from, for the person who just saved the file."""

from __future__ import annotations

import traceback
from pathlib import Path


def sentence(error: BaseException, root: Path, inside: str = "") -> str:
    """File and line below `root`, what happened, and the first line of why.

    `inside` names the folder of the project that `root` is a copy of.
    """
    what = f"{type(error).__name__}: {_message(error)}".removesuffix(": ")
    place = _place(error, root.resolve())
    return f"{Path(inside, place[0])}, line {place[1]}: {what}" if place else what


def _message(error: BaseException) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return (said.strip().splitlines() or [""])[0]


def _place(error: BaseException, root: Path) -> tuple[Path, int | None] | None:
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno))
    for name, line in reversed(places):
        file = Path(name).resolve()
        if file.is_relative_to(root) and ".venv" not in file.parts:
            return file.relative_to(root), line
    return None
