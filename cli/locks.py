"""Are the requirement files fit to install from: pinned, hashed, naming no host, agreeing?"""

import re
from collections.abc import Iterator
from pathlib import Path

_NAMES = ("run", "dev", "lambda", "stripe")
_PIN = re.compile(r"([a-z0-9-]+)==(\S+?)(?: ; .+?)? \\")
_HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
_WANTED = re.compile(r"([a-z0-9-]+)(?:\[.*\])?(?:==(\S+))?(?:  #.*)?")


def problems(folder: Path) -> list[str]:
    """Everything wrong with the requirement files in the folder, a sentence each."""
    files = {name: (folder / f"{name}.txt").read_text().splitlines() for name in _NAMES}
    pins = {name: dict(_pins(lines)) for name, lines in files.items()}
    return [
        problem
        for name in _NAMES
        for problem in (
            *_misshapen(name, files[name]),
            *_missing(folder / f"{name}.in", pins[name]),
            *_other_than_run(name, pins),
        )
    ]


def _pins(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if pin := _PIN.fullmatch(line):
            yield pin[1], pin[2]


def _misshapen(name: str, lines: list[str]) -> Iterator[str]:
    """A lock is pins, each followed by its hashes; so it can name no host, index or path."""
    for number, (line, following) in enumerate(zip(lines, [*lines[1:], ""], strict=True), 1):
        pinned = _PIN.fullmatch(line) and _HASH.fullmatch(following)
        if not pinned and not _HASH.fullmatch(line):
            yield f"{name}.txt, line {number}: neither a pin with hashes nor a hash: {line}"


def _missing(asked: Path, pins: dict[str, str]) -> Iterator[str]:
    for line in asked.read_text().splitlines():
        if wanted := _WANTED.fullmatch(line):
            locked = pins.get(wanted[1])
            if locked is None or locked != (wanted[2] or locked):
                yield f"{asked.name} asks for {wanted[0]}: not locked; run requirements/compile."


def _other_than_run(name: str, pins: dict[str, dict[str, str]]) -> Iterator[str]:
    for package, version in pins[name].items():
        if pins["run"].get(package, version) != version:
            yield f"{package} is {version} in {name}.txt and {pins['run'][package]} in run.txt."
