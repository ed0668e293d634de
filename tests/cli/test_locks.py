"""The requirement files can be installed from anywhere and agree with each other."""

import shutil
from pathlib import Path

import pytest

from cli.locks import problems

REQUIREMENTS = Path(__file__).parents[2] / "requirements"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(REQUIREMENTS, tmp_path / "requirements")


def test_the_requirement_files_are_sound() -> None:
    assert problems(REQUIREMENTS) == []


def test_a_package_without_hashes_is_told(copy: Path) -> None:
    lock = copy / "run.txt"
    lock.write_text(lock.read_text() + "leftpad==1.0 \\\n")

    [problem] = problems(copy)

    assert "neither a pin with hashes nor a hash: leftpad==1.0" in problem


@pytest.mark.parametrize(
    "line", ["--index-url https://mirror.example/simple", "# made in /home/ada/souk"]
)
def test_a_line_that_names_a_place_is_told(copy: Path, line: str) -> None:
    lock = copy / "dev.txt"
    lock.write_text(f"{line}\n{lock.read_text()}")

    [problem] = problems(copy)

    assert problem == f"dev.txt, line 1: neither a pin with hashes nor a hash: {line}"


@pytest.mark.parametrize("asked", ["leftpad", "click==1.0", "leftpad[more]==2  # why"])
def test_a_package_asked_for_and_not_locked_is_told(copy: Path, asked: str) -> None:
    file = copy / "run.in"
    file.write_text(f"{file.read_text()}{asked}\n")

    [problem] = problems(copy)

    assert problem.startswith(f"run.in asks for {asked}")


def test_the_layer_with_another_version_than_the_laptop_is_told(copy: Path) -> None:
    lock = copy / "lambda.txt"
    lock.write_text(lock.read_text().replace("msgspec==", "msgspec==9"))

    [problem] = problems(copy)

    assert problem.startswith("msgspec is 9")
