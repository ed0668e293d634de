"""What functions are made of: one small code asset, and one layer of locked wheels.

Both have the same bytes whenever they are made of the same files, so that unchanged source
redeploys nothing. No Docker: wheels are only unpacked. boto3 comes with the Lambda runtime.
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

from infra import sources
from infra.folders import made_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import Construct

Target = Literal["host", "arm64"]

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "lambda.txt"
STRIPE_LOCK = ROOT / "requirements" / "stripe.txt"
RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64
_PYTHON_VERSION = RUNTIME.name.removeprefix("python")
_PLATFORMS = [f"manylinux{glibc}_aarch64" for glibc in ("2014", "_2_17", "_2_28", "_2_34")]
_INSTALLER_NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


class LayerFolders(NamedTuple):
    """What the layers are made of: the libraries of all functions, and Stripe's for payment."""

    libraries: Path
    stripe: Path


class PackagingError(Exception):
    """One sentence for the person who deploys."""


def code() -> lambda_.Code:
    """All rooms' code, without what only builds or explains it."""
    return lambda_.Code.from_asset(
        str(ROOT / "src"),
        exclude=sources.ALL_BUT_CODE,
        ignore_mode=IgnoreMode.GIT,
        asset_hash=sources.digest(ROOT),
        asset_hash_type=AssetHashType.CUSTOM,
    )


def layer(
    scope: Construct, folder: Path, name: str = "Libraries", lock: Path | None = None
) -> lambda_.LayerVersion:
    """A layer, under a key that is the same whatever the target of `folder`."""
    lock = lock or LOCK
    return lambda_.LayerVersion(
        scope,
        name,
        description=f"Locked third-party wheels: {lock.stem}",
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[ARCHITECTURE],
        code=lambda_.Code.from_asset(
            str(folder),
            asset_hash=_digest(lock),
            asset_hash_type=AssetHashType.CUSTOM,
        ),
    )


def layer_folders(target: Target) -> LayerFolders:
    """Both for `target`, see `layer_folder`."""
    return LayerFolders(layer_folder(target), layer_folder(target, lock=STRIPE_LOCK))


def layer_folder(target: Target, build: Path = ROOT / ".build", lock: Path | None = None) -> Path:
    """A layer's content for `target`, built unless it is there already.

    `host` takes the wheels this very Python runs on and downloads nothing; `arm64` fetches the
    locked wheels of the Lambda platform and raises PackagingError when it cannot.
    """
    lock = lock or LOCK
    folder = build / f"layer-{target}-{_digest(lock)[:16]}"
    if not folder.exists():
        with made_once(folder) as unfinished:
            python = unfinished / "python"
            python.mkdir()
            if target == "host":
                _copy_installed(python, lock)
            else:
                _unpack_wheels(python, lock)
            _make_reproducible(python)
    return folder


def _digest(lock: Path) -> str:
    """Of what a layer is made of: the locked wheels, and the Python they are for."""
    return hashlib.sha256(RUNTIME.name.encode() + lock.read_bytes()).hexdigest()


def _locked_names(lock: Path) -> list[str]:
    return re.findall(r"^([A-Za-z0-9_.-]+)==", lock.read_text(), re.MULTILINE)


def _copy_installed(python: Path, lock: Path) -> None:
    for name in _locked_names(lock):
        for file in distribution(name).files or ():
            if ".." in file.parts:
                continue  # a script outside site-packages
            to = python / file
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), to)


def _unpack_wheels(python: Path, lock: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile"]
    command += ["--implementation", "cp", "--python-version", _PYTHON_VERSION]
    command += [f"--platform={platform}" for platform in _PLATFORMS]
    command += ["--target", str(python), "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["pip said nothing"]
        why = [line for line in lines if line.startswith("ERROR: ")] or lines
        raise PackagingError(f"the Lambda wheels could not be fetched: {why[-1]}")


def _make_reproducible(python: Path) -> None:
    """Drop what differs between two installs of the same wheels."""
    for unwanted in list(_unwanted(python)):
        if unwanted.is_dir():
            shutil.rmtree(unwanted)
        else:
            unwanted.unlink()


def _unwanted(python: Path) -> Iterator[Path]:
    yield from python.rglob("__pycache__")
    yield from (python / "bin",) if (python / "bin").exists() else ()
    for name in _INSTALLER_NOTES:
        yield from python.glob(f"*.dist-info/{name}")
