"""Collects the rows of all services into the audit's database.

The layout of each table is described at the top of the service's store.py.
"""

import json
from collections import Counter
from collections.abc import Callable
from sqlite3 import Connection

from cli.audit.database import digest_of_lines, unix_ms
from cli.audit.shop import Row, ShopReader

InsertRow = Callable[[Connection, Row], None]


def collect_rows(shop: ShopReader, database: Connection) -> Counter[str]:
    """Insert all rows that the checks need. Returns their number by kind."""
    counts: Counter[str] = Counter()
    for service in dict.fromkeys(service for service, _ in _INSERTS):
        for row in shop.rows(service):
            kind = _kind_of(row)
            if kind == "outbox":
                _insert_outbox(database, service, row)
            elif insert := _INSERTS.get((service, kind)):
                insert(database, row)
            else:
                continue
            counts[kind] += 1
    database.executescript(_INDEXES)
    return counts


_INDEXES = """
CREATE INDEX checkouts_by_order ON checkouts (order_id);
CREATE INDEX movements_by_sku ON movements (sku);
CREATE INDEX hold_lines_by_sku ON hold_lines (sku);
CREATE INDEX hold_lines_by_order ON hold_lines (order_id);
CREATE INDEX ledger_entries_by_order ON ledger_entries (order_id);
CREATE INDEX returns_by_order ON returns (order_id);
CREATE INDEX return_lines_by_return ON return_lines (return_id);
CREATE INDEX booked_returns_by_return ON booked_returns (return_id);
"""


def _kind_of(row: Row) -> str:
    """Such as `order` for `ORDER#<id>`, `HEAD`. Empty for a row that the audit does not need."""
    partition, sort = row["pk"].partition("#")[0], row["sk"].partition("#")[0]
    return _KINDS.get((partition, sort)) or _KINDS.get((partition, ""), "")


_KINDS = {
    ("OUTBOX", ""): "outbox",
    ("PRODUCT", "PRODUCT"): "product",
    ("OWNER", "CHECKOUT"): "checkout",
    ("ORDER", "HEAD"): "order",
    ("ORDER", "LINES"): "order lines",
    ("ORDER", "RETURNS"): "order returns",
    ("RETURN", "RETURN"): "return",
    ("STOCK", "STOCK"): "stock",
    ("STOCK", "MOVEMENT"): "movement",
    ("HOLD", "HEAD"): "hold",
    ("HOLD", "LINES"): "hold lines",
    ("HOLD", "RETURN"): "booked return",
    ("PAYMENT", "HEAD"): "payment",
    ("PAYMENT", "ENTRY"): "ledger entry",
}
"""Kind by the first parts of partition key and sort key."""


def _insert(database: Connection, table: str, *values: object) -> None:
    placeholders = ", ".join("?" * len(values))
    statement = f"INSERT INTO {table} VALUES ({placeholders})"  # noqa: S608  our own table names
    database.execute(statement, values)


def _insert_product(database: Connection, row: Row) -> None:
    _insert(database, "products", row["sku"])


def _insert_checkout(database: Connection, row: Row) -> None:
    owner = row["pk"].partition("#")[2]
    _insert(database, "checkouts", row["order_id"], owner, row["total"], row["currency"])


def _insert_order(database: Connection, row: Row) -> None:
    since = unix_ms(row["history"][-1]["at"])
    amounts = (row["total"], row["shipping"], row["currency"])
    _insert(database, "orders", row["order_id"], row["owner"], row["status"], *amounts, since)


def _insert_order_lines(database: Connection, row: Row) -> None:
    order_id = row["pk"].partition("#")[2]
    amount = sum(line["unit_price"] * line["quantity"] for line in row["lines"])
    _insert(database, "order_lines", order_id, amount, digest_of_lines(row["lines"]))


def _insert_return(database: Connection, row: Row) -> None:
    refund = row["refund"]["amount"] if "refund" in row else None
    since = unix_ms(row.get("refunded_at") or row.get("decided_at") or row["requested_at"])
    ids = (row["return_id"], row["order_id"])
    _insert(database, "returns", *ids, row["return_status"], refund, since)
    for line in row["lines"]:
        fields = (line["sku"], line["quantity"], line.get("restock"))
        _insert(database, "return_lines", row["order_id"], row["return_id"], *fields)


def _insert_order_returns(database: Connection, row: Row) -> None:
    requested = sum(row["claimed_by_sku"].values())
    _insert(database, "order_returns", row["order_id"], requested, row["accepted_quantity"])


def _insert_stock(database: Connection, row: Row) -> None:
    _insert(database, "stock", row["sku"], row["received"], row["available"])


def _insert_movement(database: Connection, row: Row) -> None:
    _insert(database, "movements", row["sku"], row["quantity"])


def _insert_hold(database: Connection, row: Row) -> None:
    _insert(database, "holds", row["order_id"], row["status"], row["progress"])


def _insert_hold_lines(database: Connection, row: Row) -> None:
    order_id = row["pk"].partition("#")[2]
    _insert(database, "hold_digests", order_id, digest_of_lines(row["lines"]))
    database.executemany(
        "INSERT INTO hold_lines VALUES (?, ?, ?, ?)",
        [
            (order_id, position, line["sku"], line["quantity"])
            for position, line in enumerate(row["lines"])
        ],
    )


def _insert_booked_return(database: Connection, row: Row) -> None:
    for position, line in enumerate(row["lines"]):
        is_booked = position < row["progress"]
        fields = (line["sku"], line["quantity"], line["restock"], is_booked)
        _insert(database, "booked_returns", row["order_id"], row["return_id"], *fields)


def _insert_payment(database: Connection, row: Row) -> None:
    fields = (row["order_id"], row["status"], row["amount"], row["currency"])
    sums = (row["authorized"], row["captured"], row["voided"], row["refunded"])
    _insert(database, "payments", *fields, *sums, unix_ms(row["at"]))


def _insert_ledger_entry(database: Connection, row: Row) -> None:
    order_id, key = (row[name].partition("#")[2] for name in ("pk", "sk"))
    fields = (order_id, key, row["type"], row["amount"], unix_ms(row["at"]))
    _insert(database, "ledger_entries", *fields)


def _insert_outbox(database: Connection, service: str, row: Row) -> None:
    data = json.loads(row["detail"])["data"]
    subject = data.get("order_id") or data.get("sku") or ""
    _insert(database, "outbox", service, row["sk"], row["type"], subject, unix_ms(row["at"]))


_INSERTS: dict[tuple[str, str], InsertRow] = {
    ("Catalog", "product"): _insert_product,
    ("Basket", "checkout"): _insert_checkout,
    ("Ordering", "order"): _insert_order,
    ("Ordering", "order lines"): _insert_order_lines,
    ("Ordering", "order returns"): _insert_order_returns,
    ("Ordering", "return"): _insert_return,
    ("Inventory", "stock"): _insert_stock,
    ("Inventory", "movement"): _insert_movement,
    ("Inventory", "hold"): _insert_hold,
    ("Inventory", "hold lines"): _insert_hold_lines,
    ("Inventory", "booked return"): _insert_booked_return,
    ("Payment", "payment"): _insert_payment,
    ("Payment", "ledger entry"): _insert_ledger_entry,
}
"""How a row is inserted, by service and kind."""
