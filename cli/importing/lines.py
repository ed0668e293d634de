"""A file's lines, one at a time and never more than one record of them in memory."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final

from cli.importing.faults import Fault, Faulty

LONGEST: Final = 1 << 20  # bytes of a record; the longest product a shop takes is a fiftieth
SHOWN: Final = 1000  # bytes of one that is longer
CHUNK: Final = 1 << 16


class Lines(Iterator[str]):
    """The lines as text, and what was read of the file for the record at hand.

    Bytes that are not UTF-8 come as lone surrogates, see `text`.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._number = 0
        self._taken: list[bytes] = []
        self.first = 1
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)

    def __next__(self) -> str:
        """Raises Faulty for a record too long, of which the rest of the line is passed over."""
        line = self._file.readline(LONGEST + 1)
        if not line:
            raise StopIteration
        self._number += 1
        self._taken.append(line)
        if sum(map(len, self._taken)) > LONGEST:
            self._taken = [b"".join(self._taken)[:SHOWN]]
            while not line.endswith(b"\n") and (line := self._file.readline(CHUNK)):
                pass
            raise Faulty(Fault(None, f"is longer than {LONGEST:,} bytes"))
        return line.decode("utf-8", "surrogateescape")

    def start_record(self) -> None:
        """What is read from now on is another record."""
        self.first = self._number + 1
        self._taken = []

    @property
    def raw(self) -> str:
        """The record at hand as it stands in the file; of one too long, its beginning."""
        return b"".join(self._taken).decode("utf-8", "replace").rstrip("\r\n")

    @property
    def offset(self) -> int:
        """How many bytes of the file are read."""
        return self._file.tell()


def text(value: str) -> str:
    """The value without white space around it; raises ValueError if it is no Unicode text."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("is not UTF-8 text; save the file as UTF-8") from error
    return value.strip()
