"""Console output of the commands: results go to stdout, everything else to stderr."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

DEFAULT_STATE = Path(__file__).parents[1] / ".souk"

Progress = Callable[[int, int], None]
"""Reports progress: how many steps are done, of how many."""


def note(line: str) -> None:
    """Print a message about what the command is doing."""
    click.echo(line, err=True)


def result(text: str) -> None:
    """Print the command's result."""
    click.echo(text)


def json_result(value: Mapping[str, object]) -> None:
    """Print the command's result as one JSON object."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def command(arguments: str, state: Path) -> str:
    """The `./souk` command line with these arguments, for the shop in the folder `state`."""
    return f"./souk {arguments}" + ("" if state == DEFAULT_STATE else f" --state {state}")


def columns(rows: Sequence[Sequence[object]]) -> str:
    """The rows as aligned columns. A column that contains an integer is right-aligned."""
    return "\n".join(
        "  ".join(row).rstrip() for row in zip(*map(_column, zip(*rows, strict=True)), strict=True)
    )


def _column(cells: Sequence[object]) -> list[str]:
    texts = [str(cell) for cell in cells]
    width = max(map(len, texts))
    is_numeric = any(isinstance(cell, int) for cell in cells)
    return [text.rjust(width) if is_numeric else text.ljust(width) for text in texts]


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Show progress on stderr: a bar on a terminal, otherwise a line for every 10 %."""
    if sys.stderr.isatty():
        with _progress_bar(label) as report:
            yield report
    else:
        yield _progress_lines(label)


@contextmanager
def _progress_bar(label: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar_columns = (TextColumn(label), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*bar_columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _progress_lines(label: str) -> Progress:
    last_tenth = -1

    def report(done: int, total: int) -> None:
        nonlocal last_tenth
        tenth = done * 10 // max(total, 1)
        if tenth > last_tenth:
            last_tenth = tenth
            note(f"{label}: {tenth * 10} %")

    return report
