"""A synthesis that takes no time."""

from collections.abc import Callable
from pathlib import Path


def synthesize(report: Callable[[str], None]) -> Path:
    report("Synthesizing")
    return Path("/assembly")


def openapi_path(assembly: Path) -> Path:
    return assembly / "openapi.json"
