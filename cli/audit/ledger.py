"""The audit's own scratch book: an SQLite file, so that memory stays small however big the shop.

Rows come from the rooms' tables in no order; each is put down here in the few columns that the
checks compare. Amounts are minor units, moments are Unix milliseconds.
"""

import hashlib
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SCHEMA = """
CREATE TABLE checkouts (order_id TEXT, owner TEXT, total INTEGER, currency TEXT);
CREATE TABLE orders (
    order_id TEXT PRIMARY KEY, owner TEXT, status TEXT, total INTEGER, shipping INTEGER,
    currency TEXT, since INTEGER);
CREATE TABLE order_lines (order_id TEXT PRIMARY KEY, amount INTEGER, digest TEXT);
CREATE TABLE stock (sku TEXT PRIMARY KEY, received INTEGER, available INTEGER);
CREATE TABLE moves (sku TEXT, by INTEGER);
CREATE TABLE holds (order_id TEXT PRIMARY KEY, status TEXT, progress INTEGER);
CREATE TABLE hold_lines (order_id TEXT, place INTEGER, sku TEXT, quantity INTEGER);
CREATE TABLE hold_digests (order_id TEXT PRIMARY KEY, digest TEXT);
CREATE TABLE came_back (
    order_id TEXT, return_id TEXT, sku TEXT, quantity INTEGER, restock INTEGER, booked INTEGER);
CREATE TABLE payments (
    order_id TEXT PRIMARY KEY, status TEXT, amount INTEGER, currency TEXT, authorized INTEGER,
    captured INTEGER, voided INTEGER, refunded INTEGER, since INTEGER);
CREATE TABLE entries (order_id TEXT, key TEXT, kind TEXT, amount INTEGER, since INTEGER);
CREATE TABLE returns (
    return_id TEXT PRIMARY KEY, order_id TEXT, status TEXT, refund INTEGER, since INTEGER);
CREATE TABLE return_lines (
    order_id TEXT, return_id TEXT, sku TEXT, quantity INTEGER, restock INTEGER);
CREATE TABLE return_books (order_id TEXT PRIMARY KEY, taken INTEGER, back INTEGER);
CREATE TABLE outbox (room TEXT, fact_id TEXT, fact TEXT, about TEXT, since INTEGER);
CREATE TABLE products (sku TEXT PRIMARY KEY) WITHOUT ROWID;

-- Of each SKU that a hold names: how much is held, reserved or sold, and did not come back; and
-- since when it may change.
CREATE VIEW held_by_sku AS
SELECT sku, sum(quantity * (place < progress)) - coalesce(returned, 0) AS held,
    max(max(minted(order_id), coalesce(orders.since, 0), coalesce(moved, 0))) AS since
FROM hold_lines JOIN holds USING (order_id) LEFT JOIN orders USING (order_id)
LEFT JOIN (SELECT sku, sum(quantity) AS returned FROM came_back WHERE booked GROUP BY sku)
    USING (sku)
LEFT JOIN (SELECT order_id, max(since) AS moved FROM returns GROUP BY order_id) USING (order_id)
GROUP BY sku;

-- What became of a return is decided, and what it says is owed.
CREATE VIEW accepted AS SELECT * FROM returns WHERE status IN ('accepted', 'refunded');

-- What a room's facts can be about.
CREATE VIEW states AS
SELECT 'Catalog' AS room, sku AS about FROM products
UNION ALL SELECT 'Basket', order_id FROM checkouts
UNION ALL SELECT 'Ordering', order_id FROM orders
UNION ALL SELECT 'Inventory', order_id FROM holds
UNION ALL SELECT 'Inventory', sku FROM stock
UNION ALL SELECT 'Payment', order_id FROM payments;
"""


@contextmanager
def scratch() -> Iterator[sqlite3.Connection]:
    """An empty book, gone with the block."""
    with TemporaryDirectory(prefix="souk-audit-") as folder:
        book = sqlite3.connect(Path(folder, "book.sqlite"), isolation_level=None)
        book.row_factory = sqlite3.Row
        book.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCHEMA)
        book.create_function("minted", 1, minted, deterministic=True)
        book.execute("BEGIN")
        try:
            yield book
        finally:
            book.close()


def digest(lines: Iterable[dict[str, Any]]) -> str:
    """The same for the same SKUs in the same quantities, in whatever order."""
    pairs = sorted((line["sku"], line["quantity"]) for line in lines)
    return hashlib.sha256(repr(pairs).encode()).hexdigest()


def moment(stamp: str) -> int:
    """Of an ISO 8601 stamp."""
    return int(datetime.fromisoformat(stamp).timestamp() * 1000)


def minted(order_id: str) -> int:
    """When a UUIDv7 was made; 0 for an id that is none."""
    try:
        made = uuid.UUID(order_id)
    except ValueError:
        return 0
    return made.int >> 80 if made.version == 7 else 0
