"""The journal at work: one lock, one record for all that belongs together, one file at its end."""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.journal.segments import (
    ENDS,
    HALF,
    LOG,
    SNAPSHOT,
    Files,
    Reader,
    Record,
    first_line,
    line,
    path_of,
    sync_folder,
)

SIZE_BOUND = 32 << 20  # bytes of changes; more would make the next start slow
PIECE = 64 << 10  # bytes of a snapshot written at once, while everybody waits


class Journal:
    """Remembers changes before they are acknowledged. Silent until it is opened.

    Whoever changes what is kept holds `lock` from the change until its record is written, so
    that records stand in the order of the changes.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._folder: Path | None = None
        self._depth = 0
        self._changes: list[Record] = []
        self._afterwards: list[Callable[[], None]] = []
        self._number, self._file, self._seed = 0, -1, 0  # of the log that is written
        self._unsynced = False
        self.size = 0  # bytes of all changes since the last snapshot began
        self.bound = SIZE_BOUND

    # -- changes --------------------------------------------------------------------------------

    @contextmanager
    def together(self) -> Iterator[None]:
        """All changes inside are one record: after a crash they are all there, or none is."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth:
                    self._finish()

    def add(self, *change: object) -> None:
        """Note one change."""
        if self._folder:
            with self.together():
                self._changes.append(list(change))

    @property
    def latest(self) -> Record | None:
        """The last change of the record that is being made; it may still be added to."""
        return self._changes[-1] if self._changes else None

    def afterwards(self, show: Callable[[], None]) -> None:
        """Do this once the changes made so far are written."""
        with self.together():
            self._afterwards.append(show)

    def _finish(self) -> None:
        changes, self._changes = self._changes, []
        shows, self._afterwards = self._afterwards, []
        if changes:
            self._write([*changes])
        for show in shows:
            show()

    def _write(self, record: Record) -> None:
        text, self._seed = line(record, self._seed)
        self._append(text)

    def _append(self, text: bytes) -> None:
        try:
            _write_all(self._file, text)
        except OSError as error:
            # what cannot be kept must not be acknowledged, and nothing may follow half a record
            print(f"The journal cannot be written ({error.strerror}); the shop stops.", flush=True)
            sys.stdout.flush()
            os._exit(1)
        self.size += len(text)
        self._unsynced = True

    # -- its files ------------------------------------------------------------------------------

    def open(self, folder: Path) -> None:
        """Go on after the last whole record; what was torn off behind it is cut and said."""
        files = Files(folder)
        for file in files.left_over:
            file.unlink()
        self._number = files.first + max(len(files.logs) - 1, 0)
        log = path_of(folder, self._number, LOG)
        log.touch()
        reader = Reader(log, may_be_torn=True)
        for _ in reader:
            pass
        if torn := log.stat().st_size - reader.whole:
            print(f"{log.name} ended in the middle of a record: {torn} bytes cut off.", flush=True)
            os.truncate(log, reader.whole)
        self._file = os.open(log, os.O_WRONLY | os.O_APPEND)
        self._seed, self._unsynced, self.size = reader.seed, True, files.size
        self.bound = _bound(files.snapshot)
        if not reader.whole:
            self._begin(_seed_of(files))
        self._folder = folder

    def _begin(self, seed: int) -> None:
        text, self._seed = first_line(self._number, seed)
        self._append(text)

    def sync(self) -> None:
        """Bring everything written so far to the disk itself; others may go on writing."""
        with self.lock:
            if not self._unsynced:
                return
            self._unsynced = False
            same_file = os.dup(self._file)
        try:
            os.fsync(same_file)
        finally:
            os.close(same_file)

    def rotate(self) -> None:
        """Begin a new log; the one before it is complete, on the disk itself."""
        assert self._folder
        with self.lock:
            os.fsync(self._file)
            os.close(self._file)
            self._number += 1
            log = path_of(self._folder, self._number, LOG)
            self._file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
            self.size = 0
            self._begin(self._seed)
        sync_folder(self._folder)

    def snapshot(self, records: Iterable[Record]) -> Iterator[None]:
        """Replace all before the last `rotate` by these records; pauses after every piece.

        The records may be younger than the rotation: the log since then makes them right.
        """
        assert self._folder
        target = path_of(self._folder, self._number, SNAPSHOT)
        half = target.with_suffix(HALF)
        with half.open("wb", buffering=0) as file:
            for piece in self._pieces(self._number, records):
                _write_all(file.fileno(), piece)
                yield
            os.fsync(file.fileno())
        self.sync()  # the snapshot knows of changes that must not be missing in the log
        half.replace(target)
        sync_folder(self._folder)
        yield
        for file_left in Files(self._folder).left_over:
            file_left.unlink()
        self.bound = _bound(target)

    def _pieces(self, number: int, records: Iterable[Record]) -> Iterator[bytes]:
        first, seed = first_line(number, 0)
        piece, going_on = [first], iter(records)
        more = True
        while more:
            with self.lock:  # between two pieces the world may change
                more = False
                size = 0
                for record in going_on:
                    text, seed = line(record, seed)
                    piece.append(text)
                    size += len(text)
                    if size >= PIECE:
                        more = True
                        break
            if more:
                yield b"".join(piece)
                piece = []
        yield b"".join([*piece, line([ENDS], seed)[0]])


def _write_all(file: int, text: bytes) -> None:
    left = memoryview(text)
    while left:
        left = left[os.write(file, left) :]


def _bound(snapshot: Path | None) -> int:
    # writing a snapshot must stay worth its while: never more often than the data doubles
    return max(SIZE_BOUND, snapshot.stat().st_size if snapshot else 0)


def _seed_of(files: Files) -> int:
    """The checksum a new last log goes on from."""
    if len(files.logs) < 2:
        return 0
    before = Reader(files.logs[-2])
    for _ in before:
        pass
    return before.seed
