"""Records of a CSV or JSON lines file, and what its columns are called."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from cli.importing.faults import Fault, Faulty, ImportRefused
from cli.importing.lines import Lines, text

DELIMITERS: Final = ",;\t|"
JSON_LINES: Final = frozenset({".jsonl", ".ndjson"})
TABLES: Final = frozenset({".csv", ".tsv"})
MOST_COLUMNS: Final = 1000
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")

Cells = Mapping[str, Any]
_decoder: Final = msgspec.json.Decoder(dict[str, Any], float_hook=str)  # 12.10 stays 12.10


@dataclass(frozen=True)
class Record:
    """One product as the file has it: by column, texts in CSV, also numbers in JSON lines."""

    line: int
    raw: str
    cells: Cells | Faulty


@dataclass(frozen=True)
class Table:
    """A file of records. Read twice: for its columns, then for what is in them."""

    path: Path
    columns: tuple[str, ...]
    delimiter: str | None  # None: JSON lines

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @contextmanager
    def records(self) -> Iterator[tuple[Lines, Iterator[Record]]]:
        """Its lines, which tell how far one is, and the records in them."""
        with self.path.open("rb") as file:
            lines = Lines(file)
            if self.delimiter is None:
                yield lines, _json_records(lines)
            else:
                yield lines, _csv_records(lines, self.delimiter)


def table(path: Path) -> Table:
    """What kind of file it is, and its columns. Raises ImportRefused."""
    with path.open("rb") as file:
        if file.read(2) in UTF_16:
            raise ImportRefused(f"{path} is UTF-16; save it as UTF-8, then import it again.")
        file.seek(0)
        lines = Lines(file)
        start = _first_text(lines)
        if not start:
            raise ImportRefused(f"{path} is empty: there is nothing to import.")
        if start.startswith("[") and path.suffix.lower() not in JSON_LINES | TABLES:
            raise ImportRefused(
                f"{path} is one JSON array; put each product on a line of its own"
                " (jq -c '.[]' does it), then import that."
            )
        file.seek(0)
        if _is_json(path, start):
            return Table(path, _json_columns(path, Lines(file)), None)
        delimiter = max(DELIMITERS, key=start.count)
        return Table(path, _csv_columns(path, Lines(file), delimiter), delimiter)


def _is_json(path: Path, start: str) -> bool:
    suffix = path.suffix.lower()
    return suffix in JSON_LINES or (suffix not in TABLES and start.startswith("{"))


def _first_text(lines: Lines) -> str:
    """The first line that is not blank; of one too long, its beginning."""
    try:
        return next((line.strip() for line in lines if line.strip()), "")
    except Faulty:
        return lines.raw


# --- JSON lines -------------------------------------------------------------------------------


def _json_columns(path: Path, lines: Lines) -> tuple[str, ...]:
    """Every name any line uses, since a line need not have them all."""
    columns: dict[str, None] = {}
    for record in _json_records(lines):
        if not isinstance(record.cells, Faulty):
            columns |= dict.fromkeys(record.cells)
        if len(columns) > MOST_COLUMNS:
            raise ImportRefused(f"{path} has more than {MOST_COLUMNS} columns; that is no list.")
    if not columns:
        raise ImportRefused(f"{path} holds no JSON object on a line of its own.")
    return tuple(columns)


def _json_records(lines: Lines) -> Iterator[Record]:
    while True:
        lines.start_record()
        cells: Cells | Faulty
        try:
            line = next(lines, None)
            if line is None:
                return
            if not line.strip():
                continue
            cells = _decoder.decode(text(line))
        except Faulty as faulty:
            cells = faulty
        except RecursionError:
            cells = Faulty(Fault(None, "is nested too deeply"))
        except ValueError as error:  # msgspec's own are such too
            cells = Faulty(Fault(None, f"is no JSON object: {error}"))
        yield Record(lines.first, lines.raw, cells)


# --- CSV --------------------------------------------------------------------------------------


def _csv_columns(path: Path, lines: Lines, delimiter: str) -> tuple[str, ...]:
    try:
        header = _header(_reader(lines, delimiter))
    except (Faulty, ValueError, csv.Error) as error:
        raise ImportRefused(f"The first line of {path} is no header: it {error}.") from error
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise ImportRefused(f"{path} has two columns called {twice[0]!r}; rename one of them.")
    return tuple(name for name in header if name)


def _reader(lines: Lines, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _header(reader: Iterator[list[str]]) -> list[str]:
    return [text(name) for name in next(filter(any, reader))]


def _csv_records(lines: Lines, delimiter: str) -> Iterator[Record]:
    reader = _reader(lines, delimiter)
    header = _header(reader)
    while True:
        lines.start_record()
        cells: Cells | Faulty
        try:
            row = next(reader, None)
            if row is None:
                return
            if not any(cell.strip() for cell in row):
                continue
            cells = _cells(header, row)
        except Faulty as faulty:
            cells = faulty
        except ValueError as error:
            cells = Faulty(Fault(None, str(error)))
        except csv.Error as error:
            cells = Faulty(Fault(None, f"is no CSV ({error}); look at its quotation marks"))
        yield Record(lines.first, lines.raw, cells)


def _cells(header: list[str], row: list[str]) -> Cells:
    if len(row) != len(header):
        raise Faulty(Fault(None, f"has {len(row)} cells, and the header has {len(header)}"))
    return {name: text(cell) for name, cell in zip(header, row, strict=True) if name}
