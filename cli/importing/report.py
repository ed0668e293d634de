"""The result of an import: a summary, and a report file with every error."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from cli.importing.errors import ImportFailed, InvalidRecord
from cli.importing.records import Record

OMISSION_REASONS = {
    "stock": "an earlier import set another initial stock; later counts are the shop's own",
    "image": "an image must be an address, not a file name",
}


@dataclass
class Summary:
    """The number of records by outcome. Each record is counted once.

    `omitted` counts the values that were not imported, by field.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    omitted: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    report: Path | None = None

    @property
    def read(self) -> int:
        return self.outcomes.total()

    @property
    def failed(self) -> int:
        return self.outcomes["failed"]

    def as_json(self) -> dict[str, Any]:
        """The object that `import --json` prints."""
        return {
            "read": self.read,
            **{name: self.outcomes[name] for name in ("created", "updated", "unchanged", "failed")},
            "seconds": round(self.seconds, 1),
            "report": None if self.report is None else str(self.report),
            "omitted": dict(self.omitted),
        }

    def rows(self) -> list[tuple[str, str]]:
        """The same as rows of a table, with a reason for each omitted field."""
        values = [(name, value) for name, value in self.as_json().items() if name != "omitted"]
        omissions = [
            (name, f"{count} omitted: {OMISSION_REASONS[name]}")
            for name, count in self.omitted.items()
        ]
        return [(name, str(value)) for name, value in [*values, *omissions] if value is not None]


@dataclass(frozen=True)
class Report:
    """Writes the errors of invalid records as they occur, one JSON object per line."""

    file: TextIO

    def write(self, record: Record, invalid: InvalidRecord) -> None:
        for error in invalid.errors:
            entry = {
                "line": record.line,
                "field": error.field,
                "problem": error.problem,
                "raw": record.raw,
            }
            self.file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def report_path(file: Path, folder: Path) -> Path:
    """Path of the report of an import of `file`."""
    return folder / f"{file.stem}.errors.jsonl"


@contextmanager
def open_report(path: Path) -> Iterator[Report]:
    """A report at `path`, which is deleted at the end if it is empty.

    Raises ImportFailed if the file cannot be written.
    """
    try:
        file = path.open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise ImportFailed(
            f"The report cannot be written to {path} ({error.strerror});"
            " run the command in a folder that you can write to."
        ) from error
    try:
        with file:
            yield Report(file)
    finally:
        if not path.stat().st_size:
            path.unlink()
