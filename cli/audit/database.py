"""The audit's temporary database: an SQLite file, so that memory use does not grow with the shop.

Rows of the services' tables are inserted in any order, each with the few columns that the checks
compare. Amounts are in minor units. `since` is the Unix time in milliseconds of the last change.
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
CREATE TABLE movements (sku TEXT, quantity INTEGER);
-- The first `progress` lines of a hold are held: reserved, or sold once the hold is committed.
CREATE TABLE holds (order_id TEXT PRIMARY KEY, status TEXT, progress INTEGER);
CREATE TABLE hold_lines (order_id TEXT, position INTEGER, sku TEXT, quantity INTEGER);
CREATE TABLE hold_digests (order_id TEXT PRIMARY KEY, digest TEXT);
-- The lines of accepted returns in inventory; `is_booked` once the stock is updated.
CREATE TABLE booked_returns (
    order_id TEXT, return_id TEXT, sku TEXT, quantity INTEGER, restock INTEGER, is_booked INTEGER);
CREATE TABLE payments (
    order_id TEXT PRIMARY KEY, status TEXT, amount INTEGER, currency TEXT, authorized INTEGER,
    captured INTEGER, voided INTEGER, refunded INTEGER, since INTEGER);
CREATE TABLE ledger_entries (
    order_id TEXT, key TEXT, type TEXT, amount INTEGER, since INTEGER);
CREATE TABLE returns (
    return_id TEXT PRIMARY KEY, order_id TEXT, status TEXT, refund INTEGER, since INTEGER);
CREATE TABLE return_lines (
    order_id TEXT, return_id TEXT, sku TEXT, quantity INTEGER, restock INTEGER);
-- The numbers of items that an order's row says are requested back and accepted.
CREATE TABLE order_returns (order_id TEXT PRIMARY KEY, requested INTEGER, accepted INTEGER);
CREATE TABLE outbox (service TEXT, event_id TEXT, event TEXT, subject TEXT, since INTEGER);
CREATE TABLE products (sku TEXT PRIMARY KEY) WITHOUT ROWID;

-- By SKU: the quantity that is reserved or sold and was not returned, and its last change.
CREATE VIEW held_by_sku AS
SELECT sku, sum(quantity * (position < progress)) - coalesce(returned, 0) AS held,
    max(max(created_at(order_id), coalesce(orders.since, 0), coalesce(returned_since, 0))) AS since
FROM hold_lines JOIN holds USING (order_id) LEFT JOIN orders USING (order_id)
LEFT JOIN (SELECT sku, sum(quantity) AS returned FROM booked_returns WHERE is_booked GROUP BY sku)
    USING (sku)
LEFT JOIN (SELECT order_id, max(since) AS returned_since FROM returns GROUP BY order_id)
    USING (order_id)
GROUP BY sku;

-- The returns that are owed a refund.
CREATE VIEW accepted_returns AS SELECT * FROM returns WHERE status IN ('accepted', 'refunded');

-- What the events of a service can be about.
CREATE VIEW subjects AS
SELECT 'Catalog' AS service, sku AS subject FROM products
UNION ALL SELECT 'Basket', order_id FROM checkouts
UNION ALL SELECT 'Ordering', order_id FROM orders
UNION ALL SELECT 'Inventory', order_id FROM holds
UNION ALL SELECT 'Inventory', sku FROM stock
UNION ALL SELECT 'Payment', order_id FROM payments;
"""


@contextmanager
def open_database() -> Iterator[sqlite3.Connection]:
    """An empty database with the schema. It is deleted at the end of the block."""
    with TemporaryDirectory(prefix="souk-audit-") as folder:
        database = sqlite3.connect(Path(folder, "audit.sqlite"), isolation_level=None)
        database.row_factory = sqlite3.Row
        database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCHEMA)
        database.create_function("created_at", 1, created_at_ms, deterministic=True)
        database.execute("BEGIN")
        try:
            yield database
        finally:
            database.close()


def digest_of_lines(lines: Iterable[dict[str, Any]]) -> str:
    """Equal for lines with the same SKUs and quantities, in any order."""
    pairs = sorted((line["sku"], line["quantity"]) for line in lines)
    return hashlib.sha256(repr(pairs).encode()).hexdigest()


def unix_ms(timestamp: str) -> int:
    """Unix time in milliseconds of an ISO 8601 timestamp."""
    return int(datetime.fromisoformat(timestamp).timestamp() * 1000)


def created_at_ms(order_id: str) -> int:
    """The creation time in a UUIDv7, as Unix time in milliseconds; 0 for another id."""
    try:
        parsed = uuid.UUID(order_id)
    except ValueError:
        return 0
    return parsed.int >> 80 if parsed.version == 7 else 0
