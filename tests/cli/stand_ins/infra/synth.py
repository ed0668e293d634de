"""An assembly made in no time."""

from collections.abc import Callable
from pathlib import Path


def synthesize(say: Callable[[str], None]) -> Path:
    say("Synthesizing")
    return Path("/assembly")


def openapi_path(assembly: Path) -> Path:
    return assembly / "openapi.json"
