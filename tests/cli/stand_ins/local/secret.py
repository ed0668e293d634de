"""A secret that is none."""

from pathlib import Path


def secret(state: Path) -> bytes:
    return b"secret"
