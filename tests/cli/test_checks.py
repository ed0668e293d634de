"""`./souk test` runs every check, lists what it did not run, and succeeds only if all succeed."""

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
IMPORT_RULES = """
import sys
from pathlib import Path

sys.exit("import requirement_files" in Path("cli/sums.py").read_text())
"""
SUMS = '"""Sums."""\n\n\ndef double(number: int) -> int:\n    return number * 2\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "cli").mkdir()
    for module in ("__init__", "browser", "checks", "requirement_files"):
        shutil.copy(ROOT / "cli" / f"{module}.py", tmp_path / "cli")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "cli" / "sums.py").write_text(SUMS)
    (tmp_path / "test_sums.py").write_text(TESTS.lstrip())
    (tmp_path / "tests" / "architecture").mkdir(parents=True)
    (tmp_path / "tests" / "architecture" / "import_rules.py").write_text(IMPORT_RULES.lstrip())
    return tmp_path


def check(
    project: Path, *, include_long: bool, chromium: str = "true"
) -> subprocess.CompletedProcess[str]:
    """`chromium` is the name of a program; any existing one will do here."""
    code = (
        "import sys; from cli.checks import run_checks;"
        f" sys.exit(run_checks(include_long={include_long}))"
    )
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


def test_a_successful_run_lists_what_did_not_run_and_ends_with_the_count(project: Path) -> None:
    completed = check(project, include_long=False)

    *lines, last = completed.stdout.splitlines()
    assert completed.returncode == 0, completed.stdout
    assert "not run: test_sums.py::test_doubling_for_long (only with --all)" in lines
    assert (
        "not run: test_sums.py::test_doubling_real_numbers"
        " (no data of a real shop; set SOUK_DATA to its folder)"
    ) in lines
    assert "1 passed, 2 deselected" in last


def test_without_a_chromium_the_run_says_how_to_get_one(project: Path) -> None:
    with (project / "test_sums.py").open("a") as tests:
        tests.write(
            "\n\n@pytest.mark.browser\ndef test_doubling_on_a_page():\n    assert double(1) == 2\n"
        )

    without = check(project, include_long=False, chromium="no-such-chromium")
    with_chromium = check(project, include_long=False)

    assert without.returncode == 0
    assert (
        "not run: test_sums.py::test_doubling_on_a_page"
        " (no Chromium: install the package `chromium`, or set SOUK_CHROMIUM to its path)"
    ) in without.stdout.splitlines()
    assert "1 passed" in without.stdout.splitlines()[-1]
    assert "2 passed" in with_chromium.stdout.splitlines()[-1]


def test_all_runs_everything_that_can_run(project: Path) -> None:
    (project / "nowhere").mkdir()

    completed = check(project, include_long=True)

    assert "not run" not in completed.stdout
    assert "3 passed" in completed.stdout.splitlines()[-1]


def test_all_checks_run_even_if_some_fail_and_the_run_fails(project: Path) -> None:
    (project / "requirements" / "run.txt").write_text("--index-url https://mirror.example\n")
    (project / "cli" / "sums.py").write_text(
        SUMS + "import os\nfrom cli import requirement_files\nNAME: int = ( 'one' )\n"
    )

    completed = check(project, include_long=False)

    assert completed.returncode == 1
    for name in ("requirement files", "ruff format", "ruff check", "mypy", "import rules"):
        assert f"{name}: FAILED" in completed.stdout
        assert name in completed.stdout.rpartition("FAILED before the tests: ")[2]
    assert "1 passed" in completed.stdout.splitlines()[-1]


def test_a_failed_test_makes_the_run_fail(project: Path) -> None:
    (project / "cli" / "sums.py").write_text(SUMS.replace("* 2", "* 3"))

    completed = check(project, include_long=False)

    assert completed.returncode == 1
    assert "1 failed" in completed.stdout.splitlines()[-1]
