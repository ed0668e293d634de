"""The assembly is synthesized again if and only if one of its sources has changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from infra import synth
from infra.folders import create_once


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, which the synthesis uses instead of the project."""
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
def test_a_change_of_a_source_needs_a_new_assembly(project: Path, file: str) -> None:
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
def test_a_change_of_any_other_file_does_not(project: Path, file: str) -> None:
    before = synth._fingerprint()

    change(project / file)

    assert synth._fingerprint() == before


def test_the_fingerprint_does_not_depend_on_the_location_of_the_project(project: Path) -> None:
    before = synth._fingerprint()
    (project / "again").mkdir()
    for folder in ("src", "infra", "requirements"):
        shutil.move(project / folder, project / "again" / folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synth, "ROOT", project / "again")
        after = synth._fingerprint()

    assert after == before


def test_an_existing_assembly_is_reused(project: Path) -> None:
    existing = project / ".build" / f"assembly-host-{synth._fingerprint()}"
    existing.mkdir(parents=True)
    messages: list[str] = []

    assert synth.synthesize(messages.append) == existing
    assert messages == []


def test_a_failed_synthesis_is_reported_in_one_sentence_and_leaves_only_its_log(
    project: Path,
) -> None:
    (project / "src" / "souk" / "basket" / "infra.py").write_text("raise SystemExit('no basket')")

    with pytest.raises(synth.SynthError, match=r"^synthesis failed: no basket \(full output: "):
        synth.synthesize(lambda _: None)

    assert [each.name for each in (project / ".build").iterdir()] == ["synth.log"]


def test_an_error_in_the_code_is_reported_by_file_and_line(project: Path) -> None:
    (project / "src" / "souk" / "basket" / "infra.py").write_text("\ndef basket(:\n")

    with pytest.raises(synth.SynthError, match=r": src/souk/basket/infra.py, line 2: SyntaxError"):
        synth.synthesize(lambda _: None)


def test_a_change_during_the_synthesis_repeats_the_synthesis(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = [project / "infra" / "app.py"]

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if edits:
            change(edits.pop())
            return subprocess.CompletedProcess(command, 1, "", "half an edit")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)

    assembly = synth.synthesize(lambda _: None)

    assert assembly.name == f"assembly-host-{synth._fingerprint()}"
    assert [each.name for each in (project / ".build").iterdir()] == [assembly.name]


def test_only_the_newest_assemblies_are_kept(project: Path) -> None:
    (project / ".build").mkdir()
    for number in range(synth.MAX_ASSEMBLIES + 2):
        assembly = project / ".build" / f"assembly-{number}"
        assembly.mkdir()
        os.utime(assembly, (number, number))

    synth._delete_old_assemblies()

    kept = sorted(each.name for each in (project / ".build").iterdir())
    assert kept == ["assembly-2", "assembly-3", "assembly-4"]


def test_folders_of_killed_syntheses_are_deleted_but_not_of_running_ones(
    project: Path,
) -> None:
    for name, age in (("unfinished-killed", 7200), ("unfinished-running", 60)):
        folder = project / ".build" / name
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - age,) * 2)

    synth._delete_old_assemblies()

    assert [each.name for each in (project / ".build").iterdir()] == ["unfinished-running"]


def test_when_two_processes_create_a_folder_the_first_one_wins(tmp_path: Path) -> None:
    folder = tmp_path / "created"

    with create_once(folder) as second:
        (second / "by").write_text("second")
        with create_once(folder) as first:
            (first / "by").write_text("first")

    assert (folder / "by").read_text() == "first"
    assert list(tmp_path.iterdir()) == [folder]


def test_an_unfinished_folder_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="failed"), create_once(tmp_path / "created"):
        raise ValueError("failed")

    assert list(tmp_path.iterdir()) == []
