"""`./souk test`: runs every check. The tests run last, so that their summary ends the output."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from cli import browser, requirement_files

ROOT = Path(__file__).parents[1]


def run_checks(*, include_long: bool) -> int:
    """Run all checks, even when one fails. Returns 0 only if all succeed."""
    os.chdir(ROOT)
    checks: dict[str, Callable[[], bool]] = {
        "requirement files": _check_requirement_files,
        "ruff format": lambda: _run_python("-m", "ruff", "format", "--check"),
        "ruff check": lambda: _run_python("-m", "ruff", "check"),
        "mypy": lambda: _run_python("-m", "mypy"),
        "import rules": lambda: _run_python("-m", "tests.architecture.import_rules"),
    }
    failed = [name for name, check in checks.items() if not _run_check(name, check)]
    _print_heading("tests")
    status = pytest.main(
        ["-m", _marker_expression(include_long)], plugins=[SummaryPlugin(failed, include_long)]
    )
    return 1 if failed or status else 0


def run_kill_test(kills: int) -> int:
    """Run the kill test alone, with this many kills. Returns 0 only if nothing was lost."""
    os.chdir(ROOT)
    timeout_seconds = 60 + 30 * kills
    selection = ["tests/journeys/test_kills.py", "-k", "killed_at_any_moment", "-q"]
    return int(pytest.main([*selection, f"--kills={kills}", f"--timeout={timeout_seconds}"]))


def _run_check(name: str, check: Callable[[], bool]) -> bool:
    _print_heading(name)
    started = time.monotonic()
    passed = check()
    click.secho(
        f"{name}: {'passed' if passed else 'FAILED'} after {time.monotonic() - started:.1f} s",
        fg="green" if passed else "red",
    )
    return passed


def _print_heading(name: str) -> None:
    click.secho(f"\n--- {name}", bold=True)
    sys.stdout.flush()


def _check_requirement_files() -> bool:
    problems = requirement_files.find_problems(ROOT / "requirements")
    for problem in problems:
        click.echo(problem)
    return not problems


def _run_python(*arguments: str) -> bool:
    return subprocess.run([sys.executable, *arguments], check=False).returncode == 0


# --- tests that are not run, and why ----------------------------------------------------------


def real_data_folder() -> Path | None:
    """The folder with order data of a real shop: $SOUK_DATA or the default. None if absent."""
    folder = Path(os.environ.get("SOUK_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


def _marker_expression(include_long: bool) -> str:
    """Deselects the tests by marker that are not requested or cannot run on this machine."""
    can_run = {
        "all": include_long,
        "data": real_data_folder(),
        "browser": browser.find_chromium(),
    }
    return " and ".join(f"not {marker}" for marker, enabled in can_run.items() if not enabled)


@dataclass
class SummaryPlugin:
    """Lists, just above pytest's last line, the tests that did not run and the failed checks."""

    failed_checks: Sequence[str]
    include_long: bool

    def __post_init__(self) -> None:
        self._deselected: list[pytest.Item] = []

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._deselected += items

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for item in sorted(self._deselected, key=lambda item: item.nodeid):
            terminalreporter.write_line(f"not run: {item.nodeid} ({self._reason(item)})")
        if self.failed_checks:
            terminalreporter.write_line(f"FAILED before the tests: {', '.join(self.failed_checks)}")

    def _reason(self, item: pytest.Item) -> str:
        if not self.include_long and item.get_closest_marker("all"):
            return "only with --all"
        if item.get_closest_marker("browser") and not browser.find_chromium():
            return browser.NO_CHROMIUM
        return "no data of a real shop; set SOUK_DATA to its folder"
