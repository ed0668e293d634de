"""The assembly that a change of code alone leads to, without a synthesis.

Of a template only the code asset's hash depends on what is inside functions. So the new
assembly is the old one with another hash and other code: what a synthesis gives as well,
unless the change also shapes resources (routes, facts heard). Only a synthesis can tell that.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from infra import sources


def code_hash(root: Path = sources.ROOT) -> str:
    """The hash CDK gives the code asset; it hashes once more what it is given."""
    return hashlib.sha256(sources.digest(root).encode()).hexdigest()


def code_of(assembly: Path, stack: str) -> Path:
    """The folder of the assembly's code asset."""
    (code,) = (path for path in _folders(assembly, stack) if (path / "souk").is_dir())
    return code


def layer_of(assembly: Path, stack: str) -> Path:
    """The folder of the assembly's layer."""
    (layer,) = (path for path in _folders(assembly, stack) if (path / "python").is_dir())
    return layer


def with_code_as_it_is(
    assembly: Path, stack: str, into: Path, root: Path = sources.ROOT
) -> Path | None:
    """An assembly of `stack` alone in the folder `into`; None if the code is the same as before."""
    old, new = code_of(assembly, stack).name.removeprefix("asset."), code_hash(root)
    if old == new:
        return None
    sources.copy(root, into / f"asset.{new}")
    template = (assembly / f"{stack}.template.json").read_text()
    (into / f"{stack}.template.json").write_text(template.replace(old, new))
    manifest = _manifest(assembly, stack)
    for file in manifest["files"].values():
        path = assembly / file["source"]["path"]
        if path.is_dir() and path.name != f"asset.{old}":
            file["source"]["path"] = str(path.resolve())  # stays where it is
    (into / f"{stack}.assets.json").write_text(json.dumps(manifest).replace(old, new))
    return into


def _folders(assembly: Path, stack: str) -> list[Path]:
    files = _manifest(assembly, stack)["files"].values()
    paths = {assembly / file["source"]["path"] for file in files}
    return sorted(path for path in paths if path.is_dir())


def _manifest(assembly: Path, stack: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((assembly / f"{stack}.assets.json").read_text())
    return manifest
