"""`./souk test`: runs the checks. The tests run last, so that their summary ends the output."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import pytest

from cli import requirement_files
from cli.check_options import Options

ROOT = Path(__file__).parents[1]
SLOWEST = 20
MAX_WORKERS = 4  # each starts a shop of its own, of 600 MB
NEED_MORE_THAN_THIS_PROCESS = ("cloud", "browser", "all", "data")
"""The markers of tests that are not unit tests."""


def run_checks(options: Options) -> int:
    """Run the selected checks, even when one fails. Returns 0 only if all succeed."""
    os.chdir(ROOT)
    if options.kills:
        return _run_kill_test(options.kills)
    checks: dict[str, Callable[[], bool]] = {
        "requirements": _check_requirement_files,
        "format": lambda: _run_python("-m", "ruff", "format", "--check"),
        "lint": lambda: _run_python("-m", "ruff", "check"),
        "types": lambda: _run_python("-m", "mypy"),
        "imports": lambda: _run_python("-m", "tests.architecture.import_rules"),
        "tests": lambda: _run_tests(options),
    }
    failed = [name for name in options.checks if not _run_check(name, checks[name])]
    if failed:
        click.secho(f"FAILED: {', '.join(failed)}", fg="red")
    return 1 if failed else 0


def _run_kill_test(kills: int) -> int:
    """Run the kill test alone, with this many kills. Returns 0 only if nothing was lost."""
    timeout_seconds = 60 + 30 * kills
    selection = ["tests/journeys/test_kills.py", "-k", "killed_at_any_moment", "-q"]
    return int(pytest.main([*selection, f"--kills={kills}", f"--timeout={timeout_seconds}"]))


def _run_tests(options: Options) -> bool:
    status = pytest.main([*_pytest_options(options), *_parallel(options), *options.tests])
    nothing_to_do = options.changed and status == pytest.ExitCode.NO_TESTS_COLLECTED
    return status == 0 or nothing_to_do


def _parallel(options: Options) -> Sequence[str]:
    """A worker per core. A file runs in one worker, in which its tests share their fixtures."""
    if options.tests or options.changed:
        return []  # a few tests take less time than the start of the workers
    return ["-n", str(min(os.cpu_count() or 1, MAX_WORKERS)), "--dist", "loadfile"]


def _pytest_options(options: Options) -> Sequence[str]:
    report = ["-ra", "--no-fold-skipped", f"--durations={SLOWEST}"]
    if options.quick:
        click.echo("not run: tests that need a local cloud, Chromium or real data, and long tests")
        unit_tests = " and ".join(f"not {it}" for it in NEED_MORE_THAN_THIS_PROCESS)
        changed = ["--testmon", "--testmon-forceselect"] if options.changed else []
        return [*report, *changed, "-m", unit_tests]
    return [*report, "-p", "cli.not_run", *(["--long"] if options.include_long else [])]


def _run_check(name: str, check: Callable[[], bool]) -> bool:
    click.secho(f"\n--- {name}", bold=True)
    sys.stdout.flush()
    started = time.monotonic()
    passed = check()
    click.secho(
        f"{name}: {'passed' if passed else 'FAILED'} after {time.monotonic() - started:.1f} s",
        fg="green" if passed else "red",
    )
    return passed


def _check_requirement_files() -> bool:
    problems = requirement_files.find_problems(ROOT / "requirements")
    for problem in problems:
        click.echo(problem)
    return not problems


def _run_python(*arguments: str) -> bool:
    return subprocess.run([sys.executable, *arguments], check=False).returncode == 0
