"""An assembly is made anew when something it is made of has changed, and only then."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from infra import synth
from infra.folders import made_once


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project; synthesis takes it for its own."""
    for folder in ("src", "infra", "requirements"):
        shutil.copytree(synth.ROOT / folder, tmp_path / folder)
    monkeypatch.setattr(synth, "ROOT", tmp_path)
    monkeypatch.setattr(synth, "BUILD", tmp_path / ".build")
    return tmp_path


def change(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.write("\n# changed\n")


@pytest.mark.parametrize(
    "file",
    [
        "src/souk/basket/handlers.py",
        "src/souk/basket/infra.py",
        "src/souk/kernel/money.py",
        "infra/platform.py",
        "infra/contracts/http_api.py",
        "requirements/lambda.txt",
        "requirements/run.txt",
    ],
)
def test_a_change_of_what_is_deployed_asks_for_a_new_assembly(project: Path, file: str) -> None:
    before = synth._fingerprint()
    assert (project / file).exists()

    change(project / file)

    assert synth._fingerprint() != before


@pytest.mark.parametrize(
    "file",
    [
        "src/souk/basket/README.md",
        "src/souk/basket/__pycache__/handlers.cpython-311.pyc",
        "src/souk/.DS_Store",
        "tests/basket/test_checkout.py",
        "requirements/dev.txt",
        "requirements/run.in",
    ],
)
def test_a_change_of_anything_else_does_not(project: Path, file: str) -> None:
    before = synth._fingerprint()

    change(project / file)

    assert synth._fingerprint() == before


def test_the_same_project_elsewhere_has_the_same_assembly(project: Path) -> None:
    here = synth._fingerprint()
    (project / "again").mkdir()
    for folder in ("src", "infra", "requirements"):
        shutil.move(project / folder, project / "again" / folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synth, "ROOT", project / "again")
        there = synth._fingerprint()

    assert there == here


def test_an_assembly_that_is_there_is_taken(project: Path) -> None:
    ready = project / ".build" / f"assembly-{synth._fingerprint()}"
    ready.mkdir(parents=True)
    told: list[str] = []

    assert synth.synthesize(told.append) == ready
    assert told == []


def test_a_failed_synthesis_is_told_in_a_sentence_and_leaves_nothing_half_made(
    project: Path,
) -> None:
    (project / "src" / "souk" / "basket" / "infra.py").write_text("raise SystemExit('no basket')")

    with pytest.raises(synth.SynthError, match=r"^synthesis failed: no basket \(all of it is in"):
        synth.synthesize(lambda _: None)

    assert [each.name for each in (project / ".build").iterdir()] == ["synth.log"]


def test_a_mistake_is_told_by_file_and_line(project: Path) -> None:
    (project / "src" / "souk" / "basket" / "infra.py").write_text("\ndef basket(:\n")

    with pytest.raises(synth.SynthError, match=r": src/souk/basket/infra.py, line 2: SyntaxError"):
        synth.synthesize(lambda _: None)


def test_what_is_edited_meanwhile_is_synthesized_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = [project / "infra" / "app.py"]

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if edits:
            change(edits.pop())
            return subprocess.CompletedProcess(command, 1, "", "half an edit")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)

    made = synth.synthesize(lambda _: None)

    assert made.name == f"assembly-{synth._fingerprint()}"
    assert [each.name for each in (project / ".build").iterdir()] == [made.name]


def test_only_the_newest_assemblies_are_kept(project: Path) -> None:
    (project / ".build").mkdir()
    for number in range(synth.KEPT + 2):
        assembly = project / ".build" / f"assembly-{number}"
        assembly.mkdir()
        os.utime(assembly, (number, number))

    synth._forget_old()

    left = sorted(each.name for each in (project / ".build").iterdir())
    assert left == ["assembly-2", "assembly-3", "assembly-4"]


def test_what_a_killed_synthesis_left_is_removed_and_what_is_under_way_is_not(
    project: Path,
) -> None:
    for name, age in (("unfinished-dead", 7200), ("unfinished-at-work", 60)):
        folder = project / ".build" / name
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - age,) * 2)

    synth._forget_old()

    assert [each.name for each in (project / ".build").iterdir()] == ["unfinished-at-work"]


def test_of_two_who_make_the_same_folder_the_faster_wins(tmp_path: Path) -> None:
    place = tmp_path / "made"

    with made_once(place) as slower:
        (slower / "by").write_text("the slower")
        with made_once(place) as faster:
            (faster / "by").write_text("the faster")

    assert (place / "by").read_text() == "the faster"
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="half way"), made_once(tmp_path / "made"):
        raise ValueError("half way")

    assert list(tmp_path.iterdir()) == []
