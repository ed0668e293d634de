"""The rooms' code as functions get it: which files of `src` it is, and the mark of just these."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KINDS = (".py", ".txt", ".html")  # modules, and the templates of mails
ALL_BUT_CODE = ["*", "!*/", *(f"!*{kind}" for kind in KINDS), "infra.py", "__pycache__/"]
"""As .gitignore would say it."""


def files(root: Path = ROOT) -> list[Path]:
    """All but modules that only describe resources; ALL_BUT_CODE says the same to CDK."""
    found = sorted(file for file in (root / "src").rglob("*") if file.suffix in KINDS)
    return [file for file in found if file.name != "infra.py" and "__pycache__" not in file.parts]


def digest(root: Path = ROOT) -> str:
    """Of names and contents: the same code has the same mark, wherever it lies."""
    mark = hashlib.sha256()
    for file in files(root):
        name = file.relative_to(root / "src").as_posix()
        mark.update(f"{name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return mark.hexdigest()


def copy(root: Path, to: Path) -> None:
    """Lay the code down in the folder `to`, as CDK lays down its asset."""
    for file in files(root):
        place = to / file.relative_to(root / "src")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
