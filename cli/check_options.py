"""The command line of `./souk test`.

It needs only Python itself: the launcher answers `--help` and mistakes before it installs anything.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CHECKS = {
    "requirements": "requirement files are pinned, hashed and consistent",
    "format": "ruff format",
    "lint": "ruff check",
    "types": "mypy, strict",
    "imports": "the rules of which module may import which",
    "tests": "pytest",
}


@dataclass(frozen=True)
class Options:
    checks: Sequence[str]
    """Names of `CHECKS`, in that order."""
    tests: Sequence[str]
    """Files, folders and node ids for pytest. Empty for all tests."""
    include_long: bool
    quick: bool
    changed: bool
    kills: int | None
    """Run only the kill test, with this many kills."""


def parse(arguments: Sequence[str]) -> Options:
    """Parse the arguments after `test`. Prints help (exit code 0) or the mistake (2) and exits."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.kills and (given.names or given.all or given.quick or given.changed):
        parser.error("--kills runs the kill test alone: leave out the rest.")
    if given.all and (given.quick or given.changed):
        parser.error("--quick and --changed leave out what --all adds: choose one of them.")
    tests = [name for name in given.names if name not in CHECKS]
    for test in tests:
        if not (ROOT / test.partition("::")[0]).exists():
            parser.error(
                f"there is no check and no test file {test!r}. Checks: {', '.join(CHECKS)}."
            )
    named = {*given.names, *(["tests"] if tests else [])}
    return Options(
        checks=[name for name in CHECKS if not named or name in named],
        tests=tests,
        include_long=given.all,
        quick=given.quick or given.changed,
        changed=given.changed,
        kills=given.kills,
    )


def _parser() -> argparse.ArgumentParser:
    checks = "\n".join(f"  {name:13} {text}" for name, text in CHECKS.items())
    parser = argparse.ArgumentParser(
        prog="souk test",
        description="Run all checks and tests, or those that are named.",
        epilog=f"checks:\n{checks}\n\nExample: ./souk test types tests/basket",
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="a check (see below), or a file or folder of tests, relative to the project",
    )
    parser.add_argument("--all", action="store_true", help="also run the long tests")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only checks and unit tests: no local cloud, no browser",
    )
    parser.add_argument(
        "--changed",
        action="store_true",
        help="as --quick, and of the unit tests only those that run code changed since they passed",
    )
    parser.add_argument(
        "--kills",
        type=_positive,
        metavar="N",
        help="only kill a shop under load N times, and report what was lost",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Writes "Usage", as the other commands do."""

    def add_usage(
        self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None
    ) -> None:
        super().add_usage(usage, actions, groups, prefix or "Usage: ")
