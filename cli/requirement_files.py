"""Checks the requirement files: pinned, hashed, consistent, and without host names."""

import re
from collections.abc import Iterator
from pathlib import Path

_NAMES = ("run", "dev", "lambda", "stripe")
_PIN = re.compile(r"([a-z0-9-]+)==(\S+?)(?: ; .+?)? \\")
_HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
_REQUIREMENT = re.compile(r"([a-z0-9-]+)(?:\[.*\])?(?:==(\S+))?(?:  #.*)?")


def find_problems(folder: Path) -> list[str]:
    """All problems of the requirement files in `folder`, one sentence each."""
    files = {name: (folder / f"{name}.txt").read_text().splitlines() for name in _NAMES}
    pins = {name: dict(_pins(lines)) for name, lines in files.items()}
    return [
        problem
        for name in _NAMES
        for problem in (
            *_malformed_lines(name, files[name]),
            *_unlocked(folder / f"{name}.in", pins[name]),
            *_different_from_run(name, pins),
        )
    ]


def _pins(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if pin := _PIN.fullmatch(line):
            yield pin[1], pin[2]


def _malformed_lines(name: str, lines: list[str]) -> Iterator[str]:
    """A lock file holds only pins and their hashes, so it can name no host, index or path."""
    for number, (line, following) in enumerate(zip(lines, [*lines[1:], ""], strict=True), 1):
        is_pin = _PIN.fullmatch(line) and _HASH.fullmatch(following)
        if not is_pin and not _HASH.fullmatch(line):
            yield f"{name}.txt, line {number}: neither a pin with hashes nor a hash: {line}"


def _unlocked(source: Path, pins: dict[str, str]) -> Iterator[str]:
    for line in source.read_text().splitlines():
        if requirement := _REQUIREMENT.fullmatch(line):
            pinned = pins.get(requirement[1])
            if pinned is None or pinned != (requirement[2] or pinned):
                yield (
                    f"{source.name} requires {requirement[0]}, which is not locked; run"
                    " requirements/compile."
                )


def _different_from_run(name: str, pins: dict[str, dict[str, str]]) -> Iterator[str]:
    for package, version in pins[name].items():
        if pins["run"].get(package, version) != version:
            yield f"{package} is {version} in {name}.txt and {pins['run'][package]} in run.txt."
