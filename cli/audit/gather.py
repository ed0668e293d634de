"""Puts each room's rows down in the audit's book. Layouts are those at the top of each store.py."""

import json
from collections import Counter
from collections.abc import Callable
from sqlite3 import Connection

from cli.audit.ledger import digest, moment
from cli.audit.shop import ROOMS, Row, ShopReader

Keep = Callable[[Connection, Row], None]


def gather(shop: ShopReader, book: Connection) -> Counter[str]:
    """How many rows of each kind were read."""
    checked: Counter[str] = Counter()
    for room in ROOMS:
        for row in shop.rows(room):
            kind = _kind(row)
            if kind == "outbox":
                _outbox(book, room, row)
            elif keep := _KEEP.get((room, kind)):
                keep(book, row)
            else:
                continue
            checked[kind] += 1
    book.executescript(_INDEXES)
    return checked


_INDEXES = """
CREATE INDEX checkout_of ON checkouts (order_id);
CREATE INDEX moves_of ON moves (sku);
CREATE INDEX lines_of ON hold_lines (sku);
CREATE INDEX lines_of_order ON hold_lines (order_id);
CREATE INDEX entries_of ON entries (order_id);
CREATE INDEX returns_of ON returns (order_id);
CREATE INDEX return_lines_of ON return_lines (return_id);
CREATE INDEX came_back_of ON came_back (return_id);
"""


def _kind(row: Row) -> str:
    """Such as `order` for `ORDER#<id>`/`HEAD`; the second part tells rows of one thing apart."""
    first, second = row["pk"].partition("#")[0], row["sk"].partition("#")[0]
    return _KINDS.get((first, second)) or _KINDS.get((first, ""), "")


_KINDS = {
    ("OUTBOX", ""): "outbox",
    ("PRODUCT", "PRODUCT"): "product",
    ("OWNER", "CHECKOUT"): "checkout",
    ("ORDER", "HEAD"): "order",
    ("ORDER", "LINES"): "order lines",
    ("ORDER", "RETURNS"): "book of returns",
    ("RETURN", "RETURN"): "return",
    ("STOCK", "STOCK"): "stock",
    ("STOCK", "MOVE"): "movement",
    ("HOLD", "HEAD"): "hold",
    ("HOLD", "LINES"): "hold lines",
    ("HOLD", "RETURN"): "return booked",
    ("PAYMENT", "HEAD"): "payment",
    ("PAYMENT", "ENTRY"): "entry",
}


def _put(book: Connection, table: str, *values: object) -> None:
    places = ", ".join("?" * len(values))
    book.execute(f"INSERT INTO {table} VALUES ({places})", values)  # noqa: S608  our own names


def _product(book: Connection, row: Row) -> None:
    _put(book, "products", row["sku"])


def _checkout(book: Connection, row: Row) -> None:
    owner = row["pk"].partition("#")[2]
    _put(book, "checkouts", row["order_id"], owner, row["total"], row["currency"])


def _order(book: Connection, row: Row) -> None:
    since = moment(row["history"][-1]["at"])
    whose = (row["order_id"], row["owner"], row["status"])
    _put(book, "orders", *whose, row["total"], row["shipping"], row["currency"], since)


def _order_lines(book: Connection, row: Row) -> None:
    amount = sum(line["unit_price"] * line["quantity"] for line in row["lines"])
    _put(book, "order_lines", row["pk"].partition("#")[2], amount, digest(row["lines"]))


def _return(book: Connection, row: Row) -> None:
    refund = row["refund"]["amount"] if "refund" in row else None
    since = moment(row.get("refunded_at") or row.get("decided_at") or row["requested_at"])
    _put(book, "returns", row["return_id"], row["order_id"], row["state"], refund, since)
    for item in row["items"]:
        what = (item["sku"], item["quantity"], item.get("restock"))
        _put(book, "return_lines", row["order_id"], row["return_id"], *what)


def _return_book(book: Connection, row: Row) -> None:
    _put(book, "return_books", row["order_id"], sum(row["taken"].values()), row["back"])


def _stock(book: Connection, row: Row) -> None:
    _put(book, "stock", row["sku"], row["received"], row["available"])


def _movement(book: Connection, row: Row) -> None:
    _put(book, "moves", row["sku"], row["by"])


def _hold(book: Connection, row: Row) -> None:
    _put(book, "holds", row["order_id"], row["status"], row["progress"])


def _hold_lines(book: Connection, row: Row) -> None:
    order_id = row["pk"].partition("#")[2]
    _put(book, "hold_digests", order_id, digest(row["lines"]))
    book.executemany(
        "INSERT INTO hold_lines VALUES (?, ?, ?, ?)",
        [
            (order_id, place, line["sku"], line["quantity"])
            for place, line in enumerate(row["lines"])
        ],
    )


def _booked(book: Connection, row: Row) -> None:
    for place, line in enumerate(row["lines"]):
        what = (line["sku"], line["quantity"], line["restock"], place < row["progress"])
        _put(book, "came_back", row["order_id"], row["return_id"], *what)


def _payment(book: Connection, row: Row) -> None:
    whose = (row["order_id"], row["status"], row["amount"], row["currency"])
    sums = (row["authorized"], row["captured"], row["voided"], row["refunded"])
    _put(book, "payments", *whose, *sums, moment(row["at"]))


def _entry(book: Connection, row: Row) -> None:
    order_id, key = (row[name].partition("#")[2] for name in ("pk", "sk"))
    _put(book, "entries", order_id, key, row["kind"], row["amount"], moment(row["at"]))


def _outbox(book: Connection, room: str, row: Row) -> None:
    data = json.loads(row["detail"])["data"]
    about = data.get("order_id") or data.get("sku") or ""
    _put(book, "outbox", room, row["sk"], row["type"], about, moment(row["at"]))


_KEEP: dict[tuple[str, str], Keep] = {
    ("Catalog", "product"): _product,
    ("Basket", "checkout"): _checkout,
    ("Ordering", "order"): _order,
    ("Ordering", "order lines"): _order_lines,
    ("Ordering", "book of returns"): _return_book,
    ("Ordering", "return"): _return,
    ("Inventory", "stock"): _stock,
    ("Inventory", "movement"): _movement,
    ("Inventory", "hold"): _hold,
    ("Inventory", "hold lines"): _hold_lines,
    ("Inventory", "return booked"): _booked,
    ("Payment", "payment"): _payment,
    ("Payment", "entry"): _entry,
}
