"""Updates the code of an assembly without a synthesis.

Function code affects a template only by the hash of the code asset. A copy of the assembly with
the new asset and the new hash therefore equals a new synthesis, unless the change also affects
resources, such as routes or subscriptions. Only a synthesis can detect that.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from infra import code_files


def code_asset_hash(root: Path = code_files.ROOT) -> str:
    """The hash in the name of the code asset: CDK hashes the digest that it is given."""
    return hashlib.sha256(code_files.code_digest(root).encode()).hexdigest()


def code_folder(assembly: Path, stack: str) -> Path:
    """The folder of the assembly's code asset."""
    (code,) = (path for path in _asset_folders(assembly, stack) if (path / "souk").is_dir())
    return code


def layer_folders(assembly: Path, stack: str) -> list[Path]:
    """The folders of the assembly's layers."""
    return [path for path in _asset_folders(assembly, stack) if (path / "python").is_dir()]


def update_code(
    assembly: Path, stack: str, destination: Path, root: Path = code_files.ROOT
) -> Path | None:
    """Writes a copy of the assembly, with `stack` only and the current code, to `destination`.

    Returns None, and writes nothing, if the code is unchanged.
    """
    old = code_folder(assembly, stack).name.removeprefix("asset.")
    new = code_asset_hash(root)
    if old == new:
        return None
    code_files.copy_code(root, destination / f"asset.{new}")
    template = (assembly / f"{stack}.template.json").read_text()
    (destination / f"{stack}.template.json").write_text(template.replace(old, new))
    manifest = _manifest(assembly, stack)
    for file in manifest["files"].values():
        path = assembly / file["source"]["path"]
        if path.is_dir() and path.name != f"asset.{old}":
            file["source"]["path"] = str(path.resolve())  # the layers are not copied
    (destination / f"{stack}.assets.json").write_text(json.dumps(manifest).replace(old, new))
    return destination


def _asset_folders(assembly: Path, stack: str) -> list[Path]:
    files = _manifest(assembly, stack)["files"].values()
    paths = {assembly / file["source"]["path"] for file in files}
    return sorted(path for path in paths if path.is_dir())


def _manifest(assembly: Path, stack: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((assembly / f"{stack}.assets.json").read_text())
    return manifest
