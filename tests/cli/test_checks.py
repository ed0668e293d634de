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
markers = ["all", "browser", "cloud", "data"]
testpaths = ["tests"]
"""
TESTS = """
import pytest

from cli.sums import double


def test_doubling():
    assert double(2) == 4


@pytest.mark.all
def test_doubling_for_long():
    assert double(0) == 0


@pytest.mark.cloud
def test_doubling_in_the_cloud():
    assert double(3) == 6


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
    for module in (
        "__init__",
        "browser",
        "check_options",
        "checks",
        "not_run",
        "requirement_files",
    ):
        shutil.copy(ROOT / "cli" / f"{module}.py", tmp_path / "cli")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "cli" / "sums.py").write_text(SUMS)
    (tmp_path / "tests" / "architecture").mkdir(parents=True)
    (tmp_path / "tests" / "test_sums.py").write_text(TESTS.lstrip())
    (tmp_path / "tests" / "architecture" / "import_rules.py").write_text(IMPORT_RULES.lstrip())
    return tmp_path


def check(
    project: Path, *arguments: str, chromium: str = "true"
) -> subprocess.CompletedProcess[str]:
    """`chromium` is the name of a program; any existing one will do here."""
    code = (
        "import sys; from cli import check_options, checks;"
        f" sys.exit(checks.run_checks(check_options.parse({arguments!r})))"
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
    completed = check(project)

    *lines, last = completed.stdout.splitlines()
    assert completed.returncode == 0, completed.stdout
    assert "SKIPPED tests/test_sums.py::test_doubling_for_long - Skipped: only with --all" in lines
    assert (
        "SKIPPED tests/test_sums.py::test_doubling_real_numbers"
        " - Skipped: no data of a real shop; set SOUK_DATA to its folder"
    ) in lines
    assert "2 passed, 2 skipped" in completed.stdout
    assert last.startswith("tests: passed")


def test_a_run_names_its_slowest_tests(project: Path) -> None:
    with (project / "tests/test_sums.py").open("a") as tests:
        tests.write("\n\ndef test_slow():\n    import time\n\n    time.sleep(0.1)\n")

    completed = check(project, "tests")

    slowest = completed.stdout.partition("slowest 20 durations")[2].splitlines()[1]
    assert slowest.endswith("call     tests/test_sums.py::test_slow")


def test_without_a_chromium_the_run_says_how_to_get_one(project: Path) -> None:
    with (project / "tests/test_sums.py").open("a") as tests:
        tests.write(
            "\n\n@pytest.mark.browser\ndef test_doubling_on_a_page():\n    assert double(1) == 2\n"
        )

    without = check(project, "tests", chromium="no-such-chromium")
    with_chromium = check(project, "tests")

    assert without.returncode == 0
    assert (
        "SKIPPED tests/test_sums.py::test_doubling_on_a_page"
        " - Skipped: no Chromium: install the package `chromium`, or set SOUK_CHROMIUM to its path"
    ) in without.stdout.splitlines()
    assert "2 passed, 3 skipped" in without.stdout
    assert "3 passed, 2 skipped" in with_chromium.stdout


def test_all_runs_everything_that_can_run(project: Path) -> None:
    (project / "nowhere").mkdir()

    completed = check(project, "--all")

    assert "SKIPPED" not in completed.stdout
    assert "4 passed in" in completed.stdout


def test_a_quick_run_leaves_out_what_is_no_unit_test_and_says_so(project: Path) -> None:
    completed = check(project, "--quick")

    assert completed.returncode == 0, completed.stdout
    assert "types: passed" in completed.stdout
    assert "not run: tests that need a local cloud" in completed.stdout
    assert "1 passed" in completed.stdout


def test_a_run_for_a_change_runs_only_the_tests_of_the_changed_code(project: Path) -> None:
    (project / "cli" / "words.py").write_text(
        '"""Words."""\n\n\ndef loud() -> str:\n    return "A"\n'
    )
    (project / "tests" / "test_words.py").write_text(
        "from cli.words import loud\n\n\ndef test_loud():\n    assert loud().isupper()\n"
    )
    check(project, "tests", "--changed")
    unchanged = check(project, "tests", "--changed")
    words = project / "cli" / "words.py"
    words.write_text(words.read_text().replace('"A"', '"a"'))

    changed = check(project, "tests", "--changed")

    assert unchanged.returncode == 0
    assert "0 selected" in unchanged.stdout
    assert changed.returncode == 1
    assert "test_loud" in changed.stdout
    assert "1 failed, " in changed.stdout


def test_all_checks_run_even_if_some_fail_and_the_run_fails(project: Path) -> None:
    (project / "requirements" / "run.txt").write_text("--index-url https://mirror.example\n")
    (project / "cli" / "sums.py").write_text(
        SUMS + "import os\nfrom cli import requirement_files\nNAME: int = ( 'one' )\n"
    )

    completed = check(project)

    assert completed.returncode == 1
    assert "2 passed" in completed.stdout
    assert completed.stdout.endswith("FAILED: requirements, format, lint, types, imports\n")


def test_a_check_is_run_alone_by_its_name(project: Path) -> None:
    completed = check(project, "types")

    assert completed.returncode == 0
    headings = [line for line in completed.stdout.splitlines() if line.startswith("---")]
    assert headings == ["--- types"]


def test_a_test_is_run_alone_by_its_name(project: Path) -> None:
    completed = check(project, "tests/test_sums.py::test_doubling", "lint")

    headings = [line for line in completed.stdout.splitlines() if line.startswith("---")]
    assert headings == ["--- lint", "--- tests"]
    assert "1 passed in" in completed.stdout


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["tests/test_products.py"], "no check and no test file 'tests/test_products.py'"),
        (["--kills", "0"], "'0' is not a number of 1 or more"),
        (["--kills", "2", "types"], "--kills runs the kill test alone"),
        (["--quick", "--all"], "choose one of them"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_a_wrong_option_is_answered_before_anything_runs(
    project: Path, arguments: list[str], answer: str
) -> None:
    completed = check(project, *arguments)

    assert (completed.returncode, completed.stdout) == (2, "")
    assert answer in completed.stderr


def test_a_failed_test_makes_the_run_fail(project: Path) -> None:
    (project / "cli" / "sums.py").write_text(SUMS.replace("* 2", "* 3"))

    completed = check(project)

    assert completed.returncode == 1
    assert "2 failed" in completed.stdout
    assert completed.stdout.endswith("FAILED: tests\n")
