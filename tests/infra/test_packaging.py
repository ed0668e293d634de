"""The code asset and the layers contain only what functions need, and are reproducible."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from infra import packaging
from infra.assets import zip_folder
from souk.services import SERVICES

MAX_CODE_BYTES = 60_000 * len(SERVICES)
MAX_LAYER_BYTES = 15_000_000
MAX_STRIPE_BYTES = 25_000_000
INSTALLER_FILES = ("RECORD", "INSTALLER", "REQUESTED", "__pycache__")
AARCH64_MACHINE = (183).to_bytes(2, "little")  # e_machine of an ELF file


def size_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def copy_project(root: Path) -> Path:
    """A copy of the code, with the unwanted files of a working copy."""
    shutil.copytree(packaging.ROOT / "src", root / "src")
    for file in ("README.md", "souk/basket/README.md", "souk/.DS_Store", "souk/money.py.orig"):
        (root / "src" / file).write_text(f"in {root}")
    cache = root / "src" / "souk" / "kernel" / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "money.cpython-311.pyc").write_text(f"in {root}")
    return root


def stage_code(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the code asset that CDK creates from the project at `root`."""
    monkeypatch.setattr(packaging, "ROOT", root)
    app = App(outdir=str(root / "out"))
    lambda_.LayerVersion(Stack(app, "Stack"), "Code", code=packaging.code_asset())
    app.synth()
    (asset,) = (root / "out").glob("asset.*")
    return asset


def test_code_is_small_and_has_no_infrastructure_or_documentation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = stage_code(copy_project(tmp_path / "shop"), monkeypatch)

    files = [file.relative_to(asset) for file in asset.rglob("*") if file.is_file()]

    assert Path("souk/basket/api.py") in files
    assert Path("souk/notification/templates/layout.html") in files
    code = [file for file in files if file.parent.name != "templates"]
    assert [file for file in code if file.suffix != ".py" or file.name == "infra.py"] == []
    assert [each for each in asset.rglob("*") if each.is_dir() and not any(each.iterdir())] == []
    assert size_bytes(asset) < MAX_CODE_BYTES


def test_the_same_code_in_two_places_gives_the_same_asset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = stage_code(copy_project(tmp_path / "one"), monkeypatch)
    two = stage_code(copy_project(tmp_path / "two"), monkeypatch)

    assert one.name == two.name
    assert zip_folder(one) == zip_folder(two)


def test_changed_code_gives_another_asset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = copy_project(tmp_path / "before"), copy_project(tmp_path / "after")
    with (after / "src" / "souk" / "basket" / "handlers.py").open("a") as handlers:
        handlers.write("\n# changed\n")

    assert stage_code(before, monkeypatch).name != stage_code(after, monkeypatch).name


def test_a_layer_built_in_two_places_is_the_same(tmp_path: Path) -> None:
    one = packaging.build_layer("host", tmp_path / "one")
    two = packaging.build_layer("host", tmp_path / "two")

    assert zip_folder(one) == zip_folder(two)
    assert size_bytes(one) < MAX_LAYER_BYTES
    assert (one / "python" / "msgspec" / "__init__.py").exists()
    assert [file for file in one.rglob("*") if file.name in INSTALLER_FILES] == []


def test_the_stripe_sdk_has_its_own_layer(tmp_path: Path) -> None:
    libraries = packaging.build_layer("host", tmp_path)
    stripe = packaging.build_layer("host", tmp_path, packaging.STRIPE_LOCK)

    assert (stripe / "python" / "stripe" / "__init__.py").is_file()
    assert not (libraries / "python" / "stripe").exists()
    assert size_bytes(stripe) < MAX_STRIPE_BYTES


def test_a_layer_is_built_once(tmp_path: Path) -> None:
    first = packaging.build_layer("host", tmp_path)
    (first / "marker").touch()

    second = packaging.build_layer("host", tmp_path)

    assert (second / "marker").exists()
    assert list(tmp_path.iterdir()) == [first]


def layer_key(folder: Path, out: Path) -> str:
    """The S3 key of a layer with this content."""
    folder.mkdir(parents=True)
    (folder / "content").write_text(str(folder))
    app = App(outdir=str(out))
    packaging.layer_version(Stack(app, "Stack"), folder)
    app.synth()
    template = json.loads((out / "Stack.template.json").read_text())
    (layer,) = template["Resources"].values()
    key: str = layer["Properties"]["Content"]["S3Key"]
    return key


def test_the_key_of_a_layer_depends_on_its_lock_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = layer_key(tmp_path / "host", tmp_path / "out-host")
    arm64 = layer_key(tmp_path / "arm64", tmp_path / "out-arm64")
    lock = tmp_path / "lambda.txt"
    lock.write_text(packaging.LOCK.read_text() + "# another library\n")
    monkeypatch.setattr(packaging, "LOCK", lock)
    newer = layer_key(tmp_path / "newer", tmp_path / "out-newer")

    assert host == arm64 != newer


def test_wheels_that_cannot_be_downloaded_are_reported_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "lambda.txt"
    lock.write_text("neither name nor version\n")
    monkeypatch.setattr(packaging, "LOCK", lock)

    with pytest.raises(packaging.PackagingError, match=r"^the Lambda wheels .*Invalid requirement"):
        packaging.build_layer("arm64", tmp_path / "build")

    assert list((tmp_path / "build").iterdir()) == []


@pytest.mark.all
def test_the_layer_for_lambda_contains_the_locked_wheels_of_its_platform(tmp_path: Path) -> None:
    one = packaging.build_layer("arm64", tmp_path / "one")
    two = packaging.build_layer("arm64", tmp_path / "two")

    native = list(one.rglob("*.so"))
    assert native
    assert [file for file in native if file.read_bytes()[18:20] != AARCH64_MACHINE] == []
    assert [file for file in native if ".cpython-314-" not in file.name] == []
    assert size_bytes(one) < MAX_LAYER_BYTES
    assert zip_folder(one) == zip_folder(two)
