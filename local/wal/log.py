"""The write-ahead log: one lock, one record per atomic change, appended to the last segment."""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.wal.segments import (
    FOOTER,
    PARTIAL_SUFFIX,
    SEGMENT_SUFFIX,
    SNAPSHOT_SUFFIX,
    LogFiles,
    Record,
    RecordReader,
    encode_header,
    encode_record,
    file_path,
    sync_folder,
)

MIN_SNAPSHOT_THRESHOLD_BYTES = 32 << 20  # with more, the next start would be slow
SNAPSHOT_CHUNK_BYTES = 64 << 10  # written while the lock is held


class WriteAheadLog:
    """Writes changes to disk before they are acknowledged. Records nothing until it is opened.

    Code that changes persistent state holds `lock` from the change until its record is written,
    so that records are in the order of the changes.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.bytes_since_snapshot = 0  # size of all segments since the last rotation
        self.snapshot_threshold_bytes = MIN_SNAPSHOT_THRESHOLD_BYTES
        self._folder: Path | None = None
        self._depth = 0
        self._changes: list[Record] = []
        self._callbacks: list[Callable[[], None]] = []
        # The segment being written: its number, file descriptor and last checksum.
        self._number, self._file, self._checksum = 0, -1, 0
        self._is_unsynced = False

    # -- changes --------------------------------------------------------------------------------

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All changes inside the block form one record: a crash keeps all of them or none.

        Blocks nest; the outermost one writes the record, also when it ends in an exception.
        """
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth:
                    self._commit()

    def append(self, *change: object) -> None:
        """Add a change to the current record, or write a record of its own outside of `atomic`."""
        if self._folder:
            with self.atomic():
                self._changes.append(list(change))

    @property
    def last_change(self) -> Record | None:
        """The last change of the record being built. It may still be extended."""
        return self._changes[-1] if self._changes else None

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` after the current record is written."""
        with self.atomic():
            self._callbacks.append(callback)

    def _commit(self) -> None:
        changes, self._changes = self._changes, []
        callbacks, self._callbacks = self._callbacks, []
        if changes:
            line, self._checksum = encode_record(changes, self._checksum)
            self._write(line)
        for callback in callbacks:
            callback()

    def _write(self, line: bytes) -> None:
        try:
            _write_all(self._file, line)
        except OSError as error:
            # A change that is not on disk must not be acknowledged, and no record may follow a
            # torn one.
            print(
                f"The write-ahead log cannot be written ({error.strerror}); the shop stops.",
                flush=True,
            )
            sys.stdout.flush()
            os._exit(1)
        self.bytes_since_snapshot += len(line)
        self._is_unsynced = True

    # -- files ----------------------------------------------------------------------------------

    def open(self, folder: Path) -> None:
        """Continue after the last complete record; a torn write behind it is cut off and reported.

        Raises DamagedLog.
        """
        files = LogFiles(folder)
        for file in files.obsolete:
            file.unlink()
        self._number = files.first_number + max(len(files.segments) - 1, 0)
        segment = file_path(folder, self._number, SEGMENT_SUFFIX)
        segment.touch()
        reader = RecordReader(segment, may_be_torn=True)
        for _ in reader:
            pass
        if torn := segment.stat().st_size - reader.valid_bytes:
            print(
                f"{segment.name} ended in the middle of a record: {torn} bytes cut off.",
                flush=True,
            )
            os.truncate(segment, reader.valid_bytes)
        self._file = os.open(segment, os.O_WRONLY | os.O_APPEND)
        self._checksum, self._is_unsynced = reader.checksum, True
        self.bytes_since_snapshot = files.segment_bytes
        self.snapshot_threshold_bytes = _snapshot_threshold(files.snapshot)
        if not reader.valid_bytes:
            self._write_header(_previous_checksum(files))
        self._folder = folder

    def _write_header(self, previous_checksum: int) -> None:
        line, self._checksum = encode_header(self._number, previous_checksum)
        self._write(line)

    def sync(self) -> None:
        """Flush everything written so far to the disk (fsync), without holding the lock."""
        with self.lock:
            if not self._is_unsynced:
                return
            self._is_unsynced = False
            same_file = os.dup(self._file)
        try:
            os.fsync(same_file)
        finally:
            os.close(same_file)

    def rotate(self) -> None:
        """Start a new segment. The one before is complete and flushed to the disk."""
        assert self._folder
        with self.lock:
            os.fsync(self._file)
            os.close(self._file)
            self._number += 1
            segment = file_path(self._folder, self._number, SEGMENT_SUFFIX)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
            self._file = os.open(segment, flags, 0o600)
            self.bytes_since_snapshot = 0
            self._write_header(self._checksum)
        sync_folder(self._folder)

    def snapshot(self, records: Iterable[Record]) -> Iterator[None]:
        """Replace everything before the last `rotate` by these records; yields after each chunk.

        The records may be newer than the rotation: replaying the segment brings them up to date.
        """
        assert self._folder
        target = file_path(self._folder, self._number, SNAPSHOT_SUFFIX)
        partial = target.with_suffix(PARTIAL_SUFFIX)
        with partial.open("wb", buffering=0) as file:
            for chunk in self._encode_snapshot(self._number, records):
                _write_all(file.fileno(), chunk)
                yield
            os.fsync(file.fileno())
        self.sync()  # the snapshot contains changes that must not be missing in the segment
        partial.replace(target)
        sync_folder(self._folder)
        yield
        for obsolete in LogFiles(self._folder).obsolete:
            obsolete.unlink()
        self.snapshot_threshold_bytes = _snapshot_threshold(target)

    def _encode_snapshot(self, number: int, records: Iterable[Record]) -> Iterator[bytes]:
        header, checksum = encode_header(number, 0)
        chunk, remaining = [header], iter(records)
        has_more = True
        while has_more:
            with self.lock:  # the state may change between two chunks, but not during one
                has_more = False
                size = 0
                for record in remaining:
                    line, checksum = encode_record(record, checksum)
                    chunk.append(line)
                    size += len(line)
                    if size >= SNAPSHOT_CHUNK_BYTES:
                        has_more = True
                        break
            if has_more:
                yield b"".join(chunk)
                chunk = []
        yield b"".join([*chunk, encode_record([FOOTER], checksum)[0]])


def _write_all(file: int, content: bytes) -> None:
    remaining = memoryview(content)
    while remaining:
        remaining = remaining[os.write(file, remaining) :]


def _snapshot_threshold(snapshot: Path | None) -> int:
    """At least the size of the last snapshot, so that snapshots are written at most as often as
    the data doubles."""
    return max(MIN_SNAPSHOT_THRESHOLD_BYTES, snapshot.stat().st_size if snapshot else 0)


def _previous_checksum(files: LogFiles) -> int:
    """The checksum that a new last segment continues."""
    if len(files.segments) < 2:
        return 0
    previous = RecordReader(files.segments[-2])
    for _ in previous:
        pass
    return previous.checksum
