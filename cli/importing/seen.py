"""Which SKUs of a file came by, and what was said of them."""

import hashlib
import sqlite3

from cli.importing.offers import Offer


class Seen:
    """Kept on disk, in a temporary file of SQLite's own: a file may hold more than memory does."""

    def __init__(self) -> None:
        self._offers = sqlite3.connect("")
        self._offers.execute("CREATE TABLE seen (sku TEXT PRIMARY KEY, line, said) WITHOUT ROWID")

    def otherwise(self, offer: Offer, line: int) -> int | None:
        """The line that offered the same SKU first and otherwise; None if none did."""
        said = hashlib.blake2b(repr(offer).encode(), digest_size=16).digest()
        added = self._offers.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (offer.sku, line, said)
        )
        if added.rowcount:
            return None
        known = self._offers.execute("SELECT line, said FROM seen WHERE sku = ?", (offer.sku,))
        first, said_first = known.fetchone()
        return None if said_first == said else first

    def close(self) -> None:
        self._offers.close()
