"""The requirement files can be installed from any index and are consistent."""

import shutil
from pathlib import Path

import pytest

from cli.requirement_files import find_problems

REQUIREMENTS = Path(__file__).parents[2] / "requirements"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(REQUIREMENTS, tmp_path / "requirements")


def test_the_requirement_files_have_no_problems() -> None:
    assert find_problems(REQUIREMENTS) == []


def test_a_package_without_hashes_is_a_problem(copy: Path) -> None:
    lock = copy / "run.txt"
    lock.write_text(lock.read_text() + "leftpad==1.0 \\\n")

    [problem] = find_problems(copy)

    assert "neither a pin with hashes nor a hash: leftpad==1.0" in problem


@pytest.mark.parametrize(
    "line", ["--index-url https://mirror.example/simple", "# made in /home/ada/souk"]
)
def test_a_line_with_a_host_or_a_path_is_a_problem(copy: Path, line: str) -> None:
    lock = copy / "dev.txt"
    lock.write_text(f"{line}\n{lock.read_text()}")

    [problem] = find_problems(copy)

    assert problem == f"dev.txt, line 1: neither a pin with hashes nor a hash: {line}"


@pytest.mark.parametrize("requirement", ["leftpad", "click==1.0", "leftpad[more]==2  # why"])
def test_a_required_package_that_is_not_locked_is_a_problem(copy: Path, requirement: str) -> None:
    file = copy / "run.in"
    file.write_text(f"{file.read_text()}{requirement}\n")

    [problem] = find_problems(copy)

    assert problem.startswith(f"run.in requires {requirement}")


def test_another_version_in_the_layer_than_on_the_laptop_is_a_problem(copy: Path) -> None:
    lock = copy / "lambda.txt"
    lock.write_text(lock.read_text().replace("msgspec==", "msgspec==9"))

    [problem] = find_problems(copy)

    assert problem.startswith("msgspec is 9")
