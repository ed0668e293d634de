"""Finds records of one file that give different values for the same SKU."""

import hashlib
import sqlite3

from cli.importing.product_records import ProductRecord


class DuplicateCheck:
    """Remembers the records in a temporary SQLite file, because they may not fit in memory."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # SQLite deletes the file when it is closed
        self._database.execute(
            "CREATE TABLE records (sku TEXT PRIMARY KEY, line, hash) WITHOUT ROWID"
        )

    def find_conflict(self, record: ProductRecord, line: int) -> int | None:
        """The line of the first record with this SKU if its values differ; otherwise None."""
        record_hash = hashlib.blake2b(repr(record).encode(), digest_size=16).digest()
        inserted = self._database.execute(
            "INSERT OR IGNORE INTO records VALUES (?, ?, ?)", (record.sku, line, record_hash)
        )
        if inserted.rowcount:
            return None
        first_line, first_hash = self._database.execute(
            "SELECT line, hash FROM records WHERE sku = ?", (record.sku,)
        ).fetchone()
        return None if first_hash == record_hash else first_line

    def close(self) -> None:
        self._database.close()
