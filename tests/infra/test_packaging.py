"""What functions are made of: nothing needless, and the same bytes from the same files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from infra import packaging
from infra.app import ROOMS
from infra.assets import zipped

CODE_LIMIT = 60_000 * len(ROOMS)
LAYER_LIMIT = 15_000_000
STRIPE_LIMIT = 25_000_000
INSTALLERS_OWN = ("RECORD", "INSTALLER", "REQUESTED", "__pycache__")
AARCH64 = (183).to_bytes(2, "little")  # e_machine of an ELF file


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def project(home: Path) -> Path:
    """A copy of what functions are made of, with the litter a working copy gathers."""
    shutil.copytree(packaging.ROOT / "src", home / "src")
    for litter in ("README.md", "souk/basket/README.md", "souk/.DS_Store", "souk/money.py.orig"):
        (home / "src" / litter).write_text(f"of {home}")
    cache = home / "src" / "souk" / "kernel" / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "money.cpython-311.pyc").write_text(f"of {home}")
    return home


def staged(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code asset as it is made of the project at `home`."""
    monkeypatch.setattr(packaging, "ROOT", home)
    app = App(outdir=str(home / "out"))
    lambda_.LayerVersion(Stack(app, "Stack"), "Code", code=packaging.code())
    app.synth()
    (asset,) = (home / "out").glob("asset.*")
    return asset


def test_code_is_small_and_without_what_only_builds_or_explains_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = staged(project(tmp_path / "shop"), monkeypatch)

    shipped = [file.relative_to(asset) for file in asset.rglob("*") if file.is_file()]

    assert Path("souk/basket/api.py") in shipped
    assert Path("souk/notification/templates/layout.html") in shipped
    code = [file for file in shipped if file.parent.name != "templates"]
    assert [file for file in code if file.suffix != ".py" or file.name == "infra.py"] == []
    assert [each for each in asset.rglob("*") if each.is_dir() and not any(each.iterdir())] == []
    assert size(asset) < CODE_LIMIT


def test_code_made_in_two_places_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = staged(project(tmp_path / "one"), monkeypatch)
    two = staged(project(tmp_path / "two"), monkeypatch)

    assert one.name == two.name
    assert zipped(one) == zipped(two)


def test_code_with_another_handler_is_another_asset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = project(tmp_path / "before"), project(tmp_path / "after")
    with (after / "src" / "souk" / "basket" / "handlers.py").open("a") as handlers:
        handlers.write("\n# now changed\n")

    assert staged(before, monkeypatch).name != staged(after, monkeypatch).name


def test_a_layer_made_in_two_places_is_the_same(tmp_path: Path) -> None:
    one = packaging.layer_folder("host", tmp_path / "one")
    two = packaging.layer_folder("host", tmp_path / "two")

    assert zipped(one) == zipped(two)
    assert size(one) < LAYER_LIMIT
    assert (one / "python" / "msgspec" / "__init__.py").exists()
    assert [file for file in one.rglob("*") if file.name in INSTALLERS_OWN] == []


def test_the_layer_with_stripes_sdk_is_a_layer_of_its_own(tmp_path: Path) -> None:
    libraries = packaging.layer_folder("host", tmp_path)
    stripe = packaging.layer_folder("host", tmp_path, packaging.STRIPE_LOCK)

    assert (stripe / "python" / "stripe" / "__init__.py").is_file()
    assert not (libraries / "python" / "stripe").exists()
    assert size(stripe) < STRIPE_LIMIT


def test_a_layer_is_made_once(tmp_path: Path) -> None:
    first = packaging.layer_folder("host", tmp_path)
    (first / "seen").touch()

    again = packaging.layer_folder("host", tmp_path)

    assert (again / "seen").exists()
    assert list(tmp_path.iterdir()) == [first]


def layer_key(folder: Path, out: Path) -> str:
    """Under which key a layer of this content is published."""
    folder.mkdir(parents=True)
    (folder / "content").write_text(str(folder))
    app = App(outdir=str(out))
    packaging.layer(Stack(app, "Stack"), folder)
    app.synth()
    template = json.loads((out / "Stack.template.json").read_text())
    (layer,) = template["Resources"].values()
    key: str = layer["Properties"]["Content"]["S3Key"]
    return key


def test_a_layer_is_published_under_a_key_of_its_lock_file_whatever_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = layer_key(tmp_path / "home", tmp_path / "out-home")
    arm64 = layer_key(tmp_path / "arm64", tmp_path / "out-arm64")
    lock = tmp_path / "lambda.txt"
    lock.write_text(packaging.LOCK.read_text() + "# another library\n")
    monkeypatch.setattr(packaging, "LOCK", lock)
    newer = layer_key(tmp_path / "newer", tmp_path / "out-newer")

    assert home == arm64 != newer


def test_wheels_that_are_not_to_be_had_are_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "lambda.txt"
    lock.write_text("neither name nor version\n")
    monkeypatch.setattr(packaging, "LOCK", lock)

    with pytest.raises(packaging.PackagingError, match=r"^the Lambda wheels .*Invalid requirement"):
        packaging.layer_folder("arm64", tmp_path / "build")

    assert list((tmp_path / "build").iterdir()) == []


@pytest.mark.all
def test_the_layer_for_lambda_holds_the_locked_wheels_of_its_platform(tmp_path: Path) -> None:
    one = packaging.layer_folder("arm64", tmp_path / "one")
    two = packaging.layer_folder("arm64", tmp_path / "two")

    native = list(one.rglob("*.so"))
    assert native
    assert [file for file in native if file.read_bytes()[18:20] != AARCH64] == []
    assert [file for file in native if ".cpython-314-" not in file.name] == []
    assert size(one) < LAYER_LIMIT
    assert zipped(one) == zipped(two)
