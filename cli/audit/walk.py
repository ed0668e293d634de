"""One audit: read everything once, then ask what must hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection

from cli.audit.checks import ALL, LEFT_OPEN, UNPUBLISHED, Check
from cli.audit.gather import gather
from cli.audit.ledger import scratch
from cli.audit.report import Finding, Report
from cli.audit.shop import ShopReader

MINUTE = 60_000
YOUNG = 5 * MINUTE
"""Work of the last minutes may explain a difference: its other half is still on its way."""

UNDECIDED = 70 * MINUTE
"""So long a workflow may try: its own time-out is an hour, then the reconciler takes over."""

SWEPT = 10 * MINUTE
"""By then the sweep, every five minutes, has published what the stream left behind."""


def audit(shop: ShopReader) -> Report:
    """Read the whole shop and name every difference.

    Rows are read while the shop works. What work younger than a few minutes could explain is
    pending; it is a violation all the same when nothing is on its way any more.
    """
    began = int(datetime.now(UTC).timestamp() * 1000)
    with scratch() as book:
        checked = gather(shop, book)
        look = _Look(book, Report(checked=checked), began)
        settled = look.nothing_open() and not shop.waits()
        for check in ALL:
            look.at(check, younger_than=0 if settled else YOUNG)
        look.at(LEFT_OPEN, younger_than=UNDECIDED)
        look.at(UNPUBLISHED, younger_than=SWEPT)
        look.report.totals = _totals(book)
    return look.report


@dataclass
class _Look:
    book: Connection
    report: Report
    began: int

    def nothing_open(self) -> bool:
        return not any(True for check in (LEFT_OPEN, UNPUBLISHED) for _ in self._rows(check))

    def at(self, check: Check, *, younger_than: int) -> None:
        for row in self._rows(check):
            ids = {name: str(row[name]) for name in row if name != "since"}
            finding = Finding(check.guarantee, check.kind, check.says.format(**ids), ids)
            young = int(row["since"]) > self.began - younger_than
            self.report.add(finding, pending=young and younger_than > 0)

    def _rows(self, check: Check) -> Iterator[dict[str, str | int]]:
        return (dict(row) for row in self.book.execute(check.query))


_SUMS = """
SELECT 'received' AS name, coalesce(sum(received), 0) AS amount FROM stock UNION ALL
SELECT 'available', coalesce(sum(available), 0) FROM stock UNION ALL
SELECT 'reserved', coalesce(sum(quantity), 0) FROM hold_lines JOIN holds USING (order_id)
    WHERE place < progress AND status != 'committed' UNION ALL
SELECT 'sold', coalesce(sum(quantity), 0) - (SELECT coalesce(sum(quantity), 0)
    FROM came_back WHERE booked) FROM hold_lines JOIN holds USING (order_id)
    WHERE place < progress AND status = 'committed'
"""
_MONEY = """
SELECT currency, sum(authorized) AS authorized, sum(captured) AS captured,
    sum(voided) AS voided, sum(refunded) AS refunded,
    sum(total) FILTER (WHERE orders.status = 'confirmed') AS confirmed,
    sum(total) FILTER (WHERE orders.status IN ('dispatched', 'delivered')) AS sent,
    sum(captured - refunded) AS kept
FROM payments JOIN orders USING (order_id, currency) GROUP BY currency
"""


def _totals(book: Connection) -> dict[str, dict[str, object]]:
    """Pieces, and money by currency in minor units, over the whole shop."""
    money = [dict(row) for row in book.execute(_MONEY)]
    return {
        "stock": {row["name"]: row["amount"] for row in book.execute(_SUMS)},
        "money": {
            row.pop("currency"): {name: amount or 0 for name, amount in row.items()}
            for row in money
        },
    }
