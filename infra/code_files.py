"""The files of `src` that are deployed with the functions, and a digest of them."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE_SUFFIXES = (".py", ".txt", ".html")  # modules and email templates
NOT_DEPLOYED = ("infra.py", "openapi.py")
EXCLUDE_PATTERNS = [
    "*",
    "!*/",
    *(f"!*{suffix}" for suffix in CODE_SUFFIXES),
    *NOT_DEPLOYED,
    "__pycache__/",
]
"""Everything but the code, in .gitignore syntax."""


def code_files(root: Path = ROOT) -> list[Path]:
    """Selects the same files as EXCLUDE_PATTERNS do in CDK: no resources, no documentation."""
    candidates = sorted(file for file in (root / "src").rglob("*") if file.suffix in CODE_SUFFIXES)
    return [
        file
        for file in candidates
        if file.name not in NOT_DEPLOYED and "__pycache__" not in file.parts
    ]


def code_digest(root: Path = ROOT) -> str:
    """A digest of names and contents. It does not depend on where the project is."""
    digest = hashlib.sha256()
    for file in code_files(root):
        name = file.relative_to(root / "src").as_posix()
        digest.update(f"{name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def copy_code(root: Path, destination: Path) -> None:
    """Copies the code files to `destination`, in the layout of the CDK asset."""
    for file in code_files(root):
        target = destination / file.relative_to(root / "src")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
