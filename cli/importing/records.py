"""Recognizes CSV and JSON lines files, and reads their columns and records."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from cli.importing.errors import FieldError, ImportFailed, InvalidRecord
from cli.importing.lines import LineReader, clean_text

DELIMITERS: Final = ",;\t|"
JSON_LINES_SUFFIXES: Final = frozenset({".jsonl", ".ndjson"})
CSV_SUFFIXES: Final = frozenset({".csv", ".tsv"})
MAX_COLUMNS: Final = 1000
UTF_16_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")

Cells = Mapping[str, Any]
"""Column to value: text in CSV; in JSON lines any type, decimals as text."""
_decoder: Final = msgspec.json.Decoder(dict[str, Any], float_hook=str)  # keeps 12.10 exact


@dataclass(frozen=True)
class Record:
    """One record of the file: its first line's number, its text, and its cells or errors."""

    line: int
    raw: str
    cells: Cells | InvalidRecord


@dataclass(frozen=True)
class RecordFile:
    """A CSV or JSON lines file. It is read twice: for its columns, then for its records."""

    path: Path
    columns: tuple[str, ...]
    delimiter: str | None
    """None for JSON lines."""

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size

    @contextmanager
    def records(self) -> Iterator[tuple[LineReader, Iterator[Record]]]:
        """The records, and the reader that knows how much of the file is read."""
        with self.path.open("rb") as file:
            lines = LineReader(file)
            if self.delimiter is None:
                yield lines, _json_records(lines)
            else:
                yield lines, _csv_records(lines, self.delimiter)


def inspect_file(path: Path) -> RecordFile:
    """Recognize the format and read the columns. Raises ImportFailed."""
    with path.open("rb") as file:
        if file.read(2) in UTF_16_BYTE_ORDER_MARKS:
            raise ImportFailed(f"{path} is UTF-16; save it as UTF-8, then import it again.")
        file.seek(0)
        lines = LineReader(file)
        start = _first_nonblank_line(lines)
        if not start:
            raise ImportFailed(f"{path} is empty.")
        if start.startswith("[") and path.suffix.lower() not in JSON_LINES_SUFFIXES | CSV_SUFFIXES:
            raise ImportFailed(
                f"{path} is a JSON array; write one product per line (jq -c '.[]' does this),"
                " then import that file."
            )
        file.seek(0)
        if _is_json(path, start):
            return RecordFile(path, _json_columns(path, LineReader(file)), None)
        delimiter = max(DELIMITERS, key=start.count)
        return RecordFile(path, _csv_columns(path, LineReader(file), delimiter), delimiter)


def _is_json(path: Path, start: str) -> bool:
    """Decided by the suffix; by the first line if the suffix is another."""
    suffix = path.suffix.lower()
    return suffix in JSON_LINES_SUFFIXES or (suffix not in CSV_SUFFIXES and start.startswith("{"))


def _first_nonblank_line(lines: LineReader) -> str:
    """Only the start of a line that is too long; empty if all lines are blank."""
    try:
        return next((line.strip() for line in lines if line.strip()), "")
    except InvalidRecord:
        return lines.raw


# --- JSON lines -------------------------------------------------------------------------------


def _json_columns(path: Path, lines: LineReader) -> tuple[str, ...]:
    """The names of all lines, because a line may omit some."""
    columns: dict[str, None] = {}
    for record in _json_records(lines):
        if not isinstance(record.cells, InvalidRecord):
            columns |= dict.fromkeys(record.cells)
        if len(columns) > MAX_COLUMNS:
            raise ImportFailed(f"{path} has more than {MAX_COLUMNS} columns.")
    if not columns:
        raise ImportFailed(f"{path} has no line that is a JSON object.")
    return tuple(columns)


def _json_records(lines: LineReader) -> Iterator[Record]:
    while True:
        lines.start_record()
        cells: Cells | InvalidRecord
        try:
            line = next(lines, None)
            if line is None:
                return
            if not line.strip():
                continue
            cells = _decoder.decode(clean_text(line))
        except InvalidRecord as invalid:
            cells = invalid
        except RecursionError:
            cells = InvalidRecord(FieldError(None, "is nested too deeply"))
        except ValueError as error:  # includes msgspec's errors
            cells = InvalidRecord(FieldError(None, f"is not a JSON object: {error}"))
        yield Record(lines.record_line, lines.raw, cells)


# --- CSV --------------------------------------------------------------------------------------


def _csv_columns(path: Path, lines: LineReader, delimiter: str) -> tuple[str, ...]:
    try:
        header = _read_header(_csv_reader(lines, delimiter))
    except (InvalidRecord, ValueError, csv.Error) as error:
        raise ImportFailed(f"The first line of {path} is not a valid header: {error}.") from error
    duplicates = sorted({name for name in header if name and header.count(name) > 1})
    if duplicates:
        raise ImportFailed(f"{path} has two columns named {duplicates[0]!r}; rename one of them.")
    return tuple(name for name in header if name)


def _csv_reader(lines: LineReader, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _read_header(reader: Iterator[list[str]]) -> list[str]:
    return [clean_text(name) for name in next(filter(any, reader))]


def _csv_records(lines: LineReader, delimiter: str) -> Iterator[Record]:
    reader = _csv_reader(lines, delimiter)
    header = _read_header(reader)
    while True:
        lines.start_record()
        cells: Cells | InvalidRecord
        try:
            row = next(reader, None)
            if row is None:
                return
            if not any(cell.strip() for cell in row):
                continue
            cells = _to_cells(header, row)
        except InvalidRecord as invalid:
            cells = invalid
        except ValueError as error:
            cells = InvalidRecord(FieldError(None, str(error)))
        except csv.Error as error:
            problem = f"is not valid CSV ({error}); check the quotation marks"
            cells = InvalidRecord(FieldError(None, problem))
        yield Record(lines.record_line, lines.raw, cells)


def _to_cells(header: list[str], row: list[str]) -> Cells:
    """Cells of columns without a name are ignored."""
    if len(row) != len(header):
        problem = f"has {len(row)} cells, but the header has {len(header)}"
        raise InvalidRecord(FieldError(None, problem))
    return {name: clean_text(cell) for name, cell in zip(header, row, strict=True) if name}
