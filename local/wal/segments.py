"""The files of a write-ahead log: their format, which of them are current, and damage to them.

`00000012.snapshot` holds the whole state as of the start of segment `00000012.log`, or a little
later. The segments from 12 on hold every change since. A record is one line, `checksum json`.
Each checksum continues the one before, so a lost, changed or moved record is detected. Only the
last segment may end with a torn write: nobody was told that its change was done.
"""

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

SEGMENT_SUFFIX, SNAPSHOT_SUFFIX, PARTIAL_SUFFIX = ".log", ".snapshot", ".partial"
HEADER, FOOTER = "header", "footer"  # first record of every file; last record of a snapshot
_CHECKSUM_LENGTH = 9  # eight hexadecimal digits and a space

Record = list[Any]


def _encode_str_subclass(value: object) -> str:
    """msgspec does not encode subclasses of str by itself."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"a record cannot contain a {type(value).__name__}")


_encode = msgspec.json.Encoder(enc_hook=_encode_str_subclass, order="sorted").encode


def encode_json(value: object) -> bytes:
    """Canonical JSON: equal values have equal bytes. Raises TypeError."""
    try:
        return _encode(value)
    except UnicodeEncodeError:  # a lone surrogate: JSON can escape it, UTF-8 cannot encode it
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class DamagedLog(Exception):
    """A file of the log does not hold what was written. The message names the file."""


def encode_record(record: Record, previous_checksum: int) -> tuple[bytes, int]:
    """The line that stores a record, and the checksum that the next record continues."""
    text = encode_json(record)
    checksum = zlib.crc32(text, previous_checksum)
    return b"%08x %b\n" % (checksum, text), checksum


def encode_header(number: int, previous_checksum: int) -> tuple[bytes, int]:
    """The first line of a file: its number and the last checksum of the file before it."""
    return encode_record([HEADER, number, previous_checksum], 0)


class RecordReader:
    """Iterates over a file's records in order, and counts the valid bytes on the way."""

    def __init__(self, file: Path, *, may_be_torn: bool = False) -> None:
        self._file = file
        self._may_be_torn = may_be_torn
        self.valid_bytes = 0
        self.checksum = 0  # of the last record read
        self.previous_checksum: int | None = None  # from the header; None before it is read

    def __iter__(self) -> Iterator[Record]:
        """Raises DamagedLog."""
        with self._file.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # a torn write
                record = self._decode(line)
                self.valid_bytes += len(line)
                if self.previous_checksum is None:
                    self._read_header(record)
                else:
                    yield record
        if self.valid_bytes < self._file.stat().st_size and not self._may_be_torn:
            raise DamagedLog(f"{self._file} is damaged: it ends in the middle of a record")

    def _decode(self, line: bytes) -> Record:
        body = line[_CHECKSUM_LENGTH:-1]
        checksum = zlib.crc32(body, self.checksum)
        if line[:_CHECKSUM_LENGTH] != b"%08x " % checksum:
            raise DamagedLog(f"{self._file} is damaged at byte {self.valid_bytes}")
        self.checksum = checksum
        record: Record = json.loads(body)
        return record

    def _read_header(self, record: Record) -> None:
        if record[:2] != [HEADER, file_number(self._file)]:
            raise DamagedLog(f"{self._file} is damaged: it has the content of another file")
        self.previous_checksum = record[2]


def file_number(file: Path) -> int:
    return int(file.name.partition(".")[0])


def file_path(folder: Path, number: int, suffix: str) -> Path:
    return folder / f"{number:08d}{suffix}"


class LogFiles:
    """The files in a log's folder: the current ones, and those an older checkpoint left over."""

    def __init__(self, folder: Path) -> None:
        """Raises DamagedLog if a file is missing."""
        snapshots = sorted(folder.glob(f"*{SNAPSHOT_SUFFIX}"))
        self.snapshot = snapshots[-1] if snapshots else None
        self.first_number = file_number(self.snapshot) if self.snapshot else 1
        segments = sorted(folder.glob(f"*{SEGMENT_SUFFIX}"))
        self.segments = [each for each in segments if file_number(each) >= self.first_number]
        self.obsolete = [each for each in segments if file_number(each) < self.first_number]
        self.obsolete += [*snapshots[:-1], *folder.glob(f"*{PARTIAL_SUFFIX}")]
        expected = list(range(self.first_number, self.first_number + len(self.segments)))
        is_incomplete = [file_number(each) for each in self.segments] != expected
        if is_incomplete or (snapshots and not self.segments):
            raise DamagedLog(f"{folder} is damaged: one of its files is missing")

    @property
    def segment_bytes(self) -> int:
        """Size of all current segments together."""
        return sum(segment.stat().st_size for segment in self.segments)

    def records(self) -> Iterator[Record]:
        """All records, oldest first, without a torn write at the end. Raises DamagedLog."""
        if self.snapshot:
            yield from _snapshot_records(self.snapshot)
        last_checksum: int | None = None
        for segment in self.segments:
            reader = RecordReader(segment, may_be_torn=segment == self.segments[-1])
            yield from reader
            expected = reader.previous_checksum
            if None not in (last_checksum, expected) and expected != last_checksum:
                raise DamagedLog(f"{segment} is damaged: records are missing before it")
            last_checksum = reader.checksum


def _snapshot_records(file: Path) -> Iterator[Record]:
    last: Record = []
    for record in RecordReader(file):
        if last:
            yield last
        last = record
    if last != [FOOTER]:
        raise DamagedLog(f"{file} is damaged: its end is missing")


def verify(folder: Path) -> None:
    """Read all current files without changing them. Raises DamagedLog."""
    for _ in LogFiles(folder).records():
        pass


def sync_folder(folder: Path) -> None:
    """Make created, renamed and deleted files of the folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
