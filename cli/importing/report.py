"""What came of an import: its figures, and a file that names every line that failed."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from cli.importing.faults import Faulty, ImportRefused
from cli.importing.records import Record

LEFT_OUT = {
    "stock": "an earlier import brought another number, and since then the shop counts itself",
    "image": "an image that is a bare file name has no address",
}


@dataclass
class Summary:
    """How many lines were read, and what became of them; each of them is counted once."""

    outcomes: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    report: Path | None = None

    @property
    def read(self) -> int:
        return self.outcomes.total()

    @property
    def failed(self) -> int:
        return self.outcomes["failed"]

    def as_json(self) -> dict[str, Any]:
        """The object `import --json` prints."""
        return {
            "read": self.read,
            **{name: self.outcomes[name] for name in ("created", "updated", "unchanged", "failed")},
            "seconds": round(self.seconds, 1),
            "report": None if self.report is None else str(self.report),
            "left_out": dict(self.left_out),
        }

    def rows(self) -> list[tuple[str, str]]:
        """The same for a person."""
        figures = [(name, value) for name, value in self.as_json().items() if name != "left_out"]
        notes = [
            (name, f"{count} left out: {LEFT_OUT[name]}") for name, count in self.left_out.items()
        ]
        return [(name, str(value)) for name, value in [*figures, *notes] if value is not None]


@dataclass(frozen=True)
class Report:
    """Takes down the lines that failed, one JSON object for each fault, as they come."""

    file: TextIO

    def fail(self, record: Record, faulty: Faulty) -> None:
        for fault in faulty.faults:
            entry = {
                "line": record.line,
                "field": fault.field,
                "problem": fault.why,
                "raw": record.raw,
            }
            self.file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def place(file: Path, folder: Path) -> Path:
    """Where the report of an import of `file` is written."""
    return folder / f"{file.stem}.errors.jsonl"


@contextmanager
def opened(path: Path) -> Iterator[Report]:
    """A report at `path`; none is left there when no line has failed."""
    try:
        file = path.open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise ImportRefused(
            f"The report cannot be written to {path} ({error.strerror});"
            " run the command in a folder of your own."
        ) from error
    try:
        with file:
            yield Report(file)
    finally:
        if not path.stat().st_size:
            path.unlink()
