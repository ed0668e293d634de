"""Reads a file line by line and keeps at most one record in memory."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final

from cli.importing.errors import FieldError, InvalidRecord

MAX_RECORD_BYTES: Final = 1 << 20
"""50 times the largest product that the shop accepts. The limit keeps an unclosed quotation mark
from reading the rest of the file into memory."""
MAX_RAW_BYTES: Final = 1000
"""How much the report shows of a longer record."""
CHUNK_BYTES: Final = 1 << 16


class LineReader(Iterator[str]):
    """The lines of a file as text, and the raw bytes of the current record.

    Bytes that are not UTF-8 become lone surrogates, which `clean_text` rejects.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._line_number = 0
        self._record: list[bytes] = []
        self.record_line = 1
        """Number of the first line of the current record."""
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)

    def __next__(self) -> str:
        """Raises InvalidRecord for a record that is too long, and skips the rest of its line."""
        line = self._file.readline(MAX_RECORD_BYTES + 1)
        if not line:
            raise StopIteration
        self._line_number += 1
        self._record.append(line)
        if sum(map(len, self._record)) > MAX_RECORD_BYTES:
            self._record = [b"".join(self._record)[:MAX_RAW_BYTES]]
            while not line.endswith(b"\n") and (line := self._file.readline(CHUNK_BYTES)):
                pass
            raise InvalidRecord(FieldError(None, f"is longer than {MAX_RECORD_BYTES:,} bytes"))
        return line.decode("utf-8", "surrogateescape")

    def start_record(self) -> None:
        """The next line starts a new record."""
        self.record_line = self._line_number + 1
        self._record = []

    @property
    def raw(self) -> str:
        """The current record as it is in the file; only the start of a record that is too long."""
        return b"".join(self._record).decode("utf-8", "replace").rstrip("\r\n")

    @property
    def bytes_read(self) -> int:
        return self._file.tell()


def clean_text(value: str) -> str:
    """The value without surrounding whitespace. Raises ValueError if it is not Unicode text."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("is not UTF-8 text; save the file as UTF-8") from error
    return value.strip()
