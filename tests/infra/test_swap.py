"""Changed code is put in an assembly without a synthesis, and is the same as after one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from infra import packaging, sources, swap
from infra.publish import zipped
from infra.rehearsal import WouldNotStart, rehearse

STACK = "Souk-dev"
HANDLERS = "src/souk/basket/handlers.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the rooms, with the litter a working copy gathers."""
    shutil.copytree(sources.ROOT / "src", tmp_path / "shop" / "src")
    (tmp_path / "shop" / "src" / "souk" / "money.py.orig").touch()
    (tmp_path / "shop" / "src" / "souk" / "README.md").touch()
    return tmp_path / "shop"


def edit(file: Path, text: str) -> None:
    with file.open("a") as opened:
        opened.write(f"\n{text}\n")


def swapped(assembly: Path, project: Path) -> Path:
    into = project.parent / "swapped"
    into.mkdir()
    made = swap.with_code_as_it_is(assembly, STACK, into, project)
    assert made == into
    return made


def synthesized(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code asset as CDK makes it of the project."""
    monkeypatch.setattr(packaging, "ROOT", project)
    app = App(outdir=str(project.parent / "out"))
    lambda_.LayerVersion(Stack(app, "Stack"), "Code", code=packaging.code())
    app.synth()
    (asset,) = (project.parent / "out").glob("asset.*")
    return asset


def test_swapped_code_is_what_a_synthesis_makes_of_it(
    assembly: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(project / HANDLERS, "# changed")

    code = swap.code_of(swapped(assembly, project), STACK)

    made = synthesized(project, monkeypatch)
    assert code.name == made.name
    assert zipped(code) == zipped(made)


def test_nothing_but_the_codes_hash_is_another(assembly: Path, project: Path) -> None:
    edit(project / HANDLERS, "# changed")
    before = (assembly / f"{STACK}.template.json").read_text()

    after = (swapped(assembly, project) / f"{STACK}.template.json").read_text()

    old, new = swap.code_of(assembly, STACK).name[6:], swap.code_hash(project)
    assert after != before
    assert after.replace(new, old) == before


def test_all_functions_run_the_swapped_code(assembly: Path, project: Path) -> None:
    edit(project / HANDLERS, "# changed")

    template = json.loads((swapped(assembly, project) / f"{STACK}.template.json").read_text())

    keys = {
        resource["Properties"]["Code"]["S3Key"] for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    }  # fmt: skip
    assert keys == {f"{swap.code_hash(project)}.zip"}


@pytest.mark.parametrize("file", ["src/souk/basket/infra.py", "src/souk/README.md"])
def test_a_change_of_anything_but_code_swaps_nothing(
    assembly: Path, project: Path, tmp_path: Path, file: str
) -> None:
    edit(project / file, "# changed")

    assert swap.with_code_as_it_is(assembly, STACK, tmp_path, project) is None


def test_functions_as_they_are_would_start(assembly: Path) -> None:
    rehearse(assembly, STACK)


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("def f(:", r"^src/souk/basket/handlers.py, line \d+: SyntaxError: "),
        ("import nothing", r"^src/souk/basket/handlers.py, line \d+: ModuleNotFoundError: No mod"),
        ("import infra.app", r"^src/souk/basket/handlers.py, line \d+: ModuleNotFoundError: "),
        ("raise SystemExit(3)", r"^src/souk/basket/handlers.py, line \d+: SystemExit: 3$"),
        ("ROUTES = None", r"^src/souk/.*, line \d+: \w+: "),
    ],
)
def test_a_function_that_would_not_start_is_told_by_file_and_line(
    assembly: Path, project: Path, mistake: str, told: str
) -> None:
    edit(project / HANDLERS, mistake)
    broken = swapped(assembly, project)

    with pytest.raises(WouldNotStart, match=told):
        rehearse(broken, STACK)


def test_a_variable_the_template_does_not_give_is_missed(assembly: Path, project: Path) -> None:
    edit(project / HANDLERS, "import os; os.environ['NOT_IN_THE_TEMPLATE']")
    broken = swapped(assembly, project)

    with pytest.raises(WouldNotStart, match="KeyError: 'NOT_IN_THE_TEMPLATE'"):
        rehearse(broken, STACK)
