"""`./souk test` runs every check, says what it left out, and is green only if all are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SETTINGS = """
[tool.ruff]
line-length = 100
[tool.mypy]
files = ["cli/sums.py"]
[tool.pytest.ini_options]
markers = ["all", "browser", "data"]
[tool.importlinter]
root_packages = ["cli"]
[[tool.importlinter.contracts]]
name = "Sums are done alone"
type = "forbidden"
source_modules = ["cli.sums"]
forbidden_modules = ["cli.locks"]
"""
TESTS = """
import pytest

from cli.sums import double


def test_doubling():
    assert double(2) == 4


@pytest.mark.all
def test_doubling_for_long():
    assert double(0) == 0


@pytest.mark.data
def test_doubling_real_numbers():
    assert double(-1) == -2
"""
SUMS = '"""Sums."""\n\n\ndef double(number: int) -> int:\n    return number * 2\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "cli").mkdir()
    for module in ("__init__", "browser", "checks", "locks"):
        shutil.copy(ROOT / "cli" / f"{module}.py", tmp_path / "cli")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "cli" / "sums.py").write_text(SUMS)
    (tmp_path / "test_sums.py").write_text(TESTS.lstrip())
    return tmp_path


def check(
    project: Path, *, everything: bool, chromium: str = "true"
) -> subprocess.CompletedProcess[str]:
    """`chromium` names a program; any that is there will do here."""
    code = f"import sys; from cli.checks import check; sys.exit(check(everything={everything}))"
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={
            **os.environ,
            "PYTHONPATH": str(project),
            "SOUK_CHROMIUM": chromium,
            "SOUK_DATA": str(project / "nowhere"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_green_run_says_what_it_left_out_and_closes_with_the_count(project: Path) -> None:
    checked = check(project, everything=False)

    *lines, last = checked.stdout.splitlines()
    assert checked.returncode == 0, checked.stdout
    assert "not run: test_sums.py::test_doubling_for_long (only with --all)" in lines
    assert (
        "not run: test_sums.py::test_doubling_real_numbers"
        " (the real days are not there; SOUK_DATA can name their folder)"
    ) in lines
    assert "1 passed, 2 deselected" in last


def test_without_a_chromium_it_says_how_to_get_one(project: Path) -> None:
    with (project / "test_sums.py").open("a") as tests:
        tests.write(
            "\n\n@pytest.mark.browser\ndef test_doubling_on_a_page():\n    assert double(1) == 2\n"
        )

    without = check(project, everything=False, chromium="no-such-chromium")
    having = check(project, everything=False)

    assert without.returncode == 0
    assert (
        "not run: test_sums.py::test_doubling_on_a_page"
        " (no Chromium: install the package `chromium`, or name one in SOUK_CHROMIUM)"
    ) in without.stdout.splitlines()
    assert "1 passed" in without.stdout.splitlines()[-1]
    assert "2 passed" in having.stdout.splitlines()[-1]


def test_all_leaves_out_only_what_cannot_run(project: Path) -> None:
    (project / "nowhere").mkdir()

    checked = check(project, everything=True)

    assert "not run" not in checked.stdout
    assert "3 passed" in checked.stdout.splitlines()[-1]


def test_whatever_fails_the_other_checks_run_and_the_run_is_red(project: Path) -> None:
    (project / "requirements" / "run.txt").write_text("--index-url https://mirror.example\n")
    (project / "cli" / "sums.py").write_text(
        SUMS + "import os\nfrom cli import locks\nNAME: int = ( 'one' )\n"
    )

    checked = check(project, everything=False)

    assert checked.returncode == 1
    for name in ("requirement files", "ruff format", "ruff check", "mypy", "import rules"):
        assert f"{name}: FAILED" in checked.stdout
        assert name in checked.stdout.rpartition("FAILED before the tests: ")[2]
    assert "1 passed" in checked.stdout.splitlines()[-1]


def test_a_failed_test_makes_the_run_red(project: Path) -> None:
    (project / "cli" / "sums.py").write_text(SUMS.replace("* 2", "* 3"))

    checked = check(project, everything=False)

    assert checked.returncode == 1
    assert "1 failed" in checked.stdout.splitlines()[-1]
