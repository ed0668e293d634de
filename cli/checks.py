"""`./souk test`: every check in turn; the tests come last, so their count closes the output."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from cli import browser, locks

ROOT = Path(__file__).parents[1]
_LINT_IMPORTS = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_logo=True))"
)


def check(*, everything: bool) -> int:
    """Run all checks, whatever fails; 0 only if none did."""
    os.chdir(ROOT)
    checks: dict[str, Callable[[], bool]] = {
        "requirement files": _requirements_are_sound,
        "ruff format": lambda: _python("-m", "ruff", "format", "--check"),
        "ruff check": lambda: _python("-m", "ruff", "check"),
        "mypy": lambda: _python("-m", "mypy"),
        "import rules": lambda: _python("-c", _LINT_IMPORTS),
    }
    failed = [name for name, is_fine in checks.items() if not _timed(name, is_fine)]
    _heading("tests")
    status = pytest.main(["-m", _expression(everything)], plugins=[Closing(failed, everything)])
    return 1 if failed or status else 0


def kill_often(kills: int) -> int:
    """Run the kill test alone, with so many kills; 0 only if nothing was lost."""
    os.chdir(ROOT)
    patience = 60 + 30 * kills  # seconds
    wanted = ["tests/journeys/test_kills.py", "-k", "killed_at_any_moment", "-q"]
    return int(pytest.main([*wanted, f"--kills={kills}", f"--timeout={patience}"]))


def _timed(name: str, is_fine: Callable[[], bool]) -> bool:
    _heading(name)
    began = time.monotonic()
    fine = is_fine()
    click.secho(
        f"{name}: {'fine' if fine else 'FAILED'} after {time.monotonic() - began:.1f} s",
        fg="green" if fine else "red",
    )
    return fine


def _heading(name: str) -> None:
    click.secho(f"\n--- {name}", bold=True)
    sys.stdout.flush()


def _requirements_are_sound() -> bool:
    problems = locks.problems(ROOT / "requirements")
    for problem in problems:
        click.echo(problem)
    return not problems


def _python(*arguments: str) -> bool:
    return subprocess.run([sys.executable, *arguments], check=False).returncode == 0


# --- what is not run, and why -----------------------------------------------------------------


def real_days() -> Path | None:
    """The folder with days of a real shop; None where there is none."""
    folder = Path(os.environ.get("SOUK_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


def _expression(everything: bool) -> str:
    there = {"all": everything, "data": real_days(), "browser": browser.chromium()}
    return " and ".join(f"not {mark}" for mark, is_there in there.items() if not is_there)


@dataclass
class Closing:
    """Says, just above pytest's last line, which tests did not run and which checks failed."""

    failed: Sequence[str]
    everything: bool

    def __post_init__(self) -> None:
        self._left_out: list[pytest.Item] = []

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._left_out += items

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for item in sorted(self._left_out, key=lambda item: item.nodeid):
            terminalreporter.write_line(f"not run: {item.nodeid} ({self._reason(item)})")
        if self.failed:
            terminalreporter.write_line(f"FAILED before the tests: {', '.join(self.failed)}")

    def _reason(self, item: pytest.Item) -> str:
        if not self.everything and item.get_closest_marker("all"):
            return "only with --all"
        if item.get_closest_marker("browser") and not browser.chromium():
            return browser.HOW_TO_GET
        return "the real days are not there; SOUK_DATA can name their folder"
