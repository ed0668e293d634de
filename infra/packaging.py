"""Packages the functions: one code asset and layers of locked wheels.

Assets are reproducible: the same sources give the same bytes, so unchanged code is not deployed
again. Wheels are only unpacked, so no Docker is needed. boto3 comes with the Lambda runtime.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from aws_cdk import AssetHashType, IgnoreMode
from aws_cdk import aws_lambda as lambda_

from infra import code_files
from infra.folders import create_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import Construct

LayerPlatform = Literal["host", "arm64"]
"""`host`: the wheels installed on this machine. `arm64`: the wheels for Lambda."""

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "lambda.txt"
STRIPE_LOCK = ROOT / "requirements" / "stripe.txt"
RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64
_PYTHON_VERSION = RUNTIME.name.removeprefix("python")
_PIP_PLATFORMS = [f"manylinux{glibc}_aarch64" for glibc in ("2014", "_2_17", "_2_28", "_2_34")]
_INSTALLER_FILES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


class LayerFolders(NamedTuple):
    """The folders of the layers: libraries for all functions, and Stripe's SDK for payment."""

    libraries: Path
    stripe: Path


class PackagingError(Exception):
    """The layers cannot be built. The message is one sentence for the user."""


def code_asset() -> lambda_.Code:
    """The code of all services, without `infra.py` modules and documentation."""
    return lambda_.Code.from_asset(
        str(ROOT / "src"),
        exclude=code_files.EXCLUDE_PATTERNS,
        ignore_mode=IgnoreMode.GIT,
        asset_hash=code_files.code_digest(ROOT),
        asset_hash_type=AssetHashType.CUSTOM,
    )


def layer_version(
    scope: Construct, folder: Path, name: str = "Libraries", lock: Path | None = None
) -> lambda_.LayerVersion:
    """A layer with the content of `folder`. Its asset key depends on the lock file only."""
    lock = lock or LOCK
    return lambda_.LayerVersion(
        scope,
        name,
        description=f"Locked third-party wheels: {lock.stem}",
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[ARCHITECTURE],
        code=lambda_.Code.from_asset(
            str(folder),
            asset_hash=_layer_digest(lock),
            asset_hash_type=AssetHashType.CUSTOM,
        ),
    )


def build_layers(platform: LayerPlatform) -> LayerFolders:
    """Builds both layers, see `build_layer`."""
    return LayerFolders(build_layer(platform), build_layer(platform, lock=STRIPE_LOCK))


def build_layer(
    platform: LayerPlatform, build: Path = ROOT / ".build", lock: Path | None = None
) -> Path:
    """The folder with a layer's content; builds it unless it exists.

    `host` copies the packages installed in this Python environment and downloads nothing.
    `arm64` downloads the locked wheels for Lambda; raises PackagingError when that fails.
    """
    lock = lock or LOCK
    folder = build / f"layer-{platform}-{_layer_digest(lock)[:16]}"
    if not folder.exists():
        with create_once(folder) as unfinished:
            python = unfinished / "python"
            python.mkdir()
            if platform == "host":
                _copy_installed(python, lock)
            else:
                _unpack_wheels(python, lock)
            _make_reproducible(python)
    return folder


def _layer_digest(lock: Path) -> str:
    """Identifies a layer by its lock file and the Python version of the wheels."""
    return hashlib.sha256(RUNTIME.name.encode() + lock.read_bytes()).hexdigest()


def _locked_names(lock: Path) -> list[str]:
    return re.findall(r"^([A-Za-z0-9_.-]+)==", lock.read_text(), re.MULTILINE)


def _copy_installed(python: Path, lock: Path) -> None:
    for name in _locked_names(lock):
        for file in distribution(name).files or ():
            if ".." in file.parts:
                continue  # a script, which is installed outside site-packages
            target = python / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), target)


def _unpack_wheels(python: Path, lock: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile"]
    command += ["--implementation", "cp", "--python-version", _PYTHON_VERSION]
    command += [f"--platform={platform}" for platform in _PIP_PLATFORMS]
    command += ["--target", str(python), "--requirement", str(lock)]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)
    if completed.returncode:
        lines = completed.stderr.strip().splitlines() or ["no error message from pip"]
        errors = [line for line in lines if line.startswith("ERROR: ")] or lines
        raise PackagingError(f"the Lambda wheels could not be downloaded: {errors[-1]}")


def _make_reproducible(python: Path) -> None:
    """Deletes the files that differ between two installations of the same wheels."""
    for path in list(_installation_specific(python)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _installation_specific(python: Path) -> Iterator[Path]:
    yield from python.rglob("__pycache__")
    yield from (python / "bin",) if (python / "bin").exists() else ()
    for name in _INSTALLER_FILES:
        yield from python.glob(f"*.dist-info/{name}")
