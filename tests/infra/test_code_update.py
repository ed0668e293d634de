"""Updating the code of an assembly gives the same result as a new synthesis."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from infra import code_files, code_update, packaging
from infra.assets import zip_folder
from infra.import_check import ImportCheckFailed, check_imports

STACK = "Souk-dev"
HANDLERS = "src/souk/basket/handlers.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the code, with the unwanted files of a working copy."""
    shutil.copytree(code_files.ROOT / "src", tmp_path / "shop" / "src")
    (tmp_path / "shop" / "src" / "souk" / "money.py.orig").touch()
    (tmp_path / "shop" / "src" / "souk" / "README.md").touch()
    return tmp_path / "shop"


def append_line(file: Path, text: str) -> None:
    with file.open("a") as opened:
        opened.write(f"\n{text}\n")


def updated(assembly: Path, project: Path) -> Path:
    """The assembly with the code of `project`."""
    destination = project.parent / "updated"
    destination.mkdir()
    result = code_update.update_code(assembly, STACK, destination, project)
    assert result == destination
    return result


def synthesized(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the code asset that CDK creates from the project."""
    monkeypatch.setattr(packaging, "ROOT", project)
    app = App(outdir=str(project.parent / "out"))
    lambda_.LayerVersion(Stack(app, "Stack"), "Code", code=packaging.code_asset())
    app.synth()
    (asset,) = (project.parent / "out").glob("asset.*")
    return asset


def test_updated_code_equals_the_asset_of_a_synthesis(
    assembly: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_line(project / HANDLERS, "# changed")

    code = code_update.code_folder(updated(assembly, project), STACK)

    asset = synthesized(project, monkeypatch)
    assert code.name == asset.name
    assert zip_folder(code) == zip_folder(asset)


def test_only_the_hash_of_the_code_changes_in_the_template(assembly: Path, project: Path) -> None:
    append_line(project / HANDLERS, "# changed")
    before = (assembly / f"{STACK}.template.json").read_text()

    after = (updated(assembly, project) / f"{STACK}.template.json").read_text()

    old = code_update.code_folder(assembly, STACK).name.removeprefix("asset.")
    new = code_update.code_asset_hash(project)
    assert after != before
    assert after.replace(new, old) == before


def test_all_functions_use_the_updated_code(assembly: Path, project: Path) -> None:
    append_line(project / HANDLERS, "# changed")

    template = json.loads((updated(assembly, project) / f"{STACK}.template.json").read_text())

    keys = {
        resource["Properties"]["Code"]["S3Key"] for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    }  # fmt: skip
    assert keys == {f"{code_update.code_asset_hash(project)}.zip"}


@pytest.mark.parametrize("file", ["src/souk/basket/infra.py", "src/souk/README.md"])
def test_a_change_of_another_file_updates_nothing(
    assembly: Path, project: Path, tmp_path: Path, file: str
) -> None:
    append_line(project / file, "# changed")

    assert code_update.update_code(assembly, STACK, tmp_path, project) is None


def test_the_handlers_of_all_functions_can_be_imported(assembly: Path) -> None:
    check_imports(assembly, STACK)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("def f(:", r"^src/souk/basket/handlers.py, line \d+: SyntaxError: "),
        ("import nothing", r"^src/souk/basket/handlers.py, line \d+: ModuleNotFoundError: No mod"),
        ("import infra.app", r"^src/souk/basket/handlers.py, line \d+: ModuleNotFoundError: "),
        ("raise SystemExit(3)", r"^src/souk/basket/handlers.py, line \d+: SystemExit: 3$"),
        ("ROUTES = None", r"^src/souk/.*, line \d+: \w+: "),
    ],
)
def test_a_failing_import_is_reported_by_file_and_line(
    assembly: Path, project: Path, line: str, expected: str
) -> None:
    append_line(project / HANDLERS, line)
    broken = updated(assembly, project)

    with pytest.raises(ImportCheckFailed, match=expected):
        check_imports(broken, STACK)


def test_a_variable_that_the_template_does_not_set_is_reported(
    assembly: Path, project: Path
) -> None:
    append_line(project / HANDLERS, "import os; os.environ['NOT_IN_THE_TEMPLATE']")
    broken = updated(assembly, project)

    with pytest.raises(ImportCheckFailed, match="KeyError: 'NOT_IN_THE_TEMPLATE'"):
        check_imports(broken, STACK)
