"""How commands speak: results on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

DEFAULT_STATE = Path(__file__).parents[1] / ".souk"

Progress = Callable[[int, int], None]


def note(line: str) -> None:
    """Tell the person what is going on."""
    click.echo(line, err=True)


def result(text: str) -> None:
    """What the command was asked for."""
    click.echo(text)


def json_result(value: Mapping[str, object]) -> None:
    """One JSON object and nothing else."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def command(words: str, state: Path) -> str:
    """How to call `./souk` for the shop kept in `state`."""
    return f"./souk {words}" + ("" if state == DEFAULT_STATE else f" --state {state}")


def columns(rows: Sequence[Sequence[object]]) -> str:
    """The rows with their cells one below the other; columns of numbers stand on the right."""
    return "\n".join(
        "  ".join(row).rstrip() for row in zip(*map(_column, zip(*rows, strict=True)), strict=True)
    )


def _column(cells: Sequence[object]) -> list[str]:
    texts = [str(cell) for cell in cells]
    width = max(map(len, texts))
    numbers = any(isinstance(cell, int) for cell in cells)
    return [text.rjust(width) if numbers else text.ljust(width) for text in texts]


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Show how much is done of how much: a bar on a terminal, elsewhere a line for each tenth."""
    if sys.stderr.isatty():
        with _bar(label) as show:
            yield show
    else:
        yield _tenths(label)


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    parts = (TextColumn(label), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*parts, console=Console(stderr=True)) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _tenths(label: str) -> Progress:
    said = -1

    def show(done: int, total: int) -> None:
        nonlocal said
        tenth = done * 10 // max(total, 1)
        if tenth > said:
            said = tenth
            note(f"{label}: {tenth * 10} %")

    return show
