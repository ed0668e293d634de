"""A constant secret."""

from pathlib import Path


def load_secret(state: Path) -> bytes:
    return b"secret"
