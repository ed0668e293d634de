"""The journal's files: what a record looks like, which files count, and what damage is.

`00000012.snapshot` holds everything as it was when `00000012.log` was begun or a little later;
the logs from 12 on hold every change since. A record is one line, `checksum json`, and its
checksum goes on from the one before, so that no record can be lost, changed or put elsewhere
unnoticed. Only the last log may end in the middle of a record: nobody was told that it was done.
"""

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

LOG, SNAPSHOT, HALF = ".log", ".snapshot", ".half"
BEGINS, ENDS = "begins", "ends"  # first in every file; last in a snapshot

Record = list[Any]


def _text(of: object) -> str:
    """Of a subclass of str, which msgspec does not take by itself."""
    if isinstance(of, str):
        return str(of)
    raise TypeError(f"a record of the journal holds a {type(of).__name__}")


_encode = msgspec.json.Encoder(enc_hook=_text, order="sorted").encode


def encoded(value: object) -> bytes:
    """JSON, the same for the same content."""
    try:
        return _encode(value)
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can spell it, UTF-8 cannot
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Damaged(Exception):
    """A file of the journal that is not what was written; the message names it."""


def line(record: Record, seed: int) -> tuple[bytes, int]:
    """A record as it stands in a file, and the checksum the next one goes on from."""
    text = encoded(record)
    check = zlib.crc32(text, seed)
    return b"%08x %b\n" % (check, text), check


def first_line(number: int, seed: int) -> tuple[bytes, int]:
    """The line every file begins with: which it is, and where its checksums go on from."""
    return line([BEGINS, number, seed], 0)


class Reader:
    """Reads a file's records in order; afterwards it knows how far they are whole."""

    def __init__(self, file: Path, *, may_be_torn: bool = False) -> None:
        self._file = file
        self._may_be_torn = may_be_torn
        self.whole = 0  # bytes
        self.seed = 0  # the checksum of the last record
        self.before: int | None = None  # the checksum this file goes on from

    def __iter__(self) -> Iterator[Record]:
        with self._file.open("rb") as lines:
            for text in lines:
                if not text.endswith(b"\n"):
                    break  # the process ended while it was written
                record = self._checked(text)
                self.whole += len(text)
                if self.before is None:
                    self._begin(record)
                else:
                    yield record
        if self.whole < self._file.stat().st_size and not self._may_be_torn:
            raise Damaged(f"{self._file} is damaged: it ends in the middle of a record")

    def _checked(self, text: bytes) -> Record:
        body = text[9:-1]
        check = zlib.crc32(body, self.seed)
        if text[:9] != b"%08x " % check:
            raise Damaged(f"{self._file} is damaged at byte {self.whole}")
        self.seed = check
        record: Record = json.loads(body)
        return record

    def _begin(self, record: Record) -> None:
        if record[:2] != [BEGINS, number_of(self._file)]:
            raise Damaged(f"{self._file} is damaged: it is another file's content")
        self.before = record[2]


def number_of(file: Path) -> int:
    return int(file.name.partition(".")[0])


def path_of(folder: Path, number: int, kind: str) -> Path:
    return folder / f"{number:08d}{kind}"


class Files:
    """Those files of a journal's folder that count now; the others are left from a checkpoint."""

    def __init__(self, folder: Path) -> None:
        snapshots = sorted(folder.glob(f"*{SNAPSHOT}"))
        self.snapshot = snapshots[-1] if snapshots else None
        self.first = number_of(self.snapshot) if self.snapshot else 1
        logs = sorted(folder.glob(f"*{LOG}"))
        self.logs = [log for log in logs if number_of(log) >= self.first]
        self.left_over = [log for log in logs if number_of(log) < self.first]
        self.left_over += [*snapshots[:-1], *folder.glob(f"*{HALF}")]
        expected = list(range(self.first, self.first + len(self.logs)))
        if [number_of(log) for log in self.logs] != expected or (snapshots and not self.logs):
            raise Damaged(f"{folder} is damaged: one of its files is missing")

    @property
    def size(self) -> int:
        """Bytes of all logs that count."""
        return sum(log.stat().st_size for log in self.logs)

    def records(self) -> Iterator[Record]:
        """Everything that was kept, oldest first; a torn tail is not part of it."""
        if self.snapshot:
            yield from _snapshot_records(self.snapshot)
        reached: int | None = None
        for log in self.logs:
            reader = Reader(log, may_be_torn=log == self.logs[-1])
            yield from reader
            if None not in (reached, reader.before) and reader.before != reached:
                raise Damaged(f"{log} is damaged: records are missing before it")
            reached = reader.seed


def _snapshot_records(file: Path) -> Iterator[Record]:
    last: Record = []
    for record in Reader(file):
        if last:
            yield last
        last = record
    if last != [ENDS]:
        raise Damaged(f"{file} is damaged: its end is missing")


def check(folder: Path) -> None:
    """Read all that counts; Damaged says what is wrong. Nothing is changed."""
    for _ in Files(folder).records():
        pass


def sync_folder(folder: Path) -> None:
    """Let created, renamed and deleted files outlast a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
