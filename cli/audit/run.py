"""Runs an audit: reads five tables once, then runs every check.

The tables are those of catalog, basket, ordering, inventory and payment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection

from cli.audit.checks import CHECKS, EVENT_NOT_PUBLISHED, ORDER_UNDECIDED, Check
from cli.audit.collect import collect_rows
from cli.audit.database import open_database
from cli.audit.report import AuditReport, Finding
from cli.audit.shop import ShopReader

MINUTE_MS = 60_000
RECENT_MS = 5 * MINUTE_MS
"""A difference younger than this may be work in progress: its other half follows by events."""

UNDECIDED_ORDER_MS = 70 * MINUTE_MS
"""How long an order may be undecided: the workflow times out after an hour, then the reconciler
takes over."""

UNPUBLISHED_EVENT_MS = 10 * MINUTE_MS
"""How long an event may be unpublished: a sweep publishes overdue ones every five minutes."""


def audit(shop: ShopReader) -> AuditReport:
    """Read the shop, which may be in use, and report every inconsistency.

    A difference that work of the last minutes may explain is pending. If nothing is in progress,
    it is a violation, whatever its age. The report lists at most MAX_FINDINGS_PER_CHECK pending
    findings and violations of each check; further ones are counted.
    """
    started_ms = int(datetime.now(UTC).timestamp() * 1000)
    with open_database() as database:
        counts = collect_rows(shop, database)
        run = _AuditRun(database, AuditReport(checked=counts), started_ms)
        is_idle = run.has_no_open_work() and not shop.has_pending_messages()
        for check in CHECKS:
            run.run_check(check, pending_ms=0 if is_idle else RECENT_MS)
        run.run_check(ORDER_UNDECIDED, pending_ms=UNDECIDED_ORDER_MS)
        run.run_check(EVENT_NOT_PUBLISHED, pending_ms=UNPUBLISHED_EVENT_MS)
        run.report.totals = _totals(database)
    return run.report


@dataclass
class _AuditRun:
    """`started_ms` is the Unix time in milliseconds at which the audit started to read."""

    database: Connection
    report: AuditReport
    started_ms: int

    def has_no_open_work(self) -> bool:
        """Whether no order is undecided and no event unpublished."""
        checks = (ORDER_UNDECIDED, EVENT_NOT_PUBLISHED)
        return not any(True for check in checks for _ in self._rows(check))

    def run_check(self, check: Check, *, pending_ms: int) -> None:
        """Report what the check finds; findings younger than `pending_ms` as pending."""
        for row in self._rows(check):
            ids = {name: str(row[name]) for name in row if name != "since"}
            finding = Finding(check.guarantee, check.name, check.message.format(**ids), ids)
            is_recent = int(row["since"]) > self.started_ms - pending_ms
            self.report.add(finding, pending=is_recent and pending_ms > 0)

    def _rows(self, check: Check) -> Iterator[dict[str, str | int]]:
        return (dict(row) for row in self.database.execute(check.query))


_STOCK_TOTALS = """
SELECT 'received' AS name, coalesce(sum(received), 0) AS quantity FROM stock UNION ALL
SELECT 'available', coalesce(sum(available), 0) FROM stock UNION ALL
SELECT 'reserved', coalesce(sum(quantity), 0) FROM hold_lines JOIN holds USING (order_id)
    WHERE position < progress AND status != 'committed' UNION ALL
SELECT 'sold', coalesce(sum(quantity), 0) - (SELECT coalesce(sum(quantity), 0)
    FROM booked_returns WHERE is_booked) FROM hold_lines JOIN holds USING (order_id)
    WHERE position < progress AND status = 'committed'
"""
_MONEY_TOTALS = """
SELECT currency, sum(authorized) AS authorized, sum(captured) AS captured,
    sum(voided) AS voided, sum(refunded) AS refunded,
    sum(total) FILTER (WHERE orders.status = 'confirmed') AS confirmed,
    sum(total) FILTER (WHERE orders.status IN ('dispatched', 'delivered')) AS dispatched,
    sum(captured - refunded) AS kept
FROM payments JOIN orders USING (order_id, currency) GROUP BY currency
"""


def _totals(database: Connection) -> dict[str, dict[str, object]]:
    """Totals over the whole shop: numbers of items, and money by currency in minor units.

    Money: `authorized`, `captured`, `voided` and `refunded` are the sums of the payments, `kept` is
    captured minus refunded. `confirmed` is the total of the orders that are confirmed and not yet
    dispatched, `dispatched` that of the dispatched and delivered ones. Payments without an order,
    or in another currency than the order, are not counted.
    """
    money = [dict(row) for row in database.execute(_MONEY_TOTALS)]
    return {
        "stock": {row["name"]: row["quantity"] for row in database.execute(_STOCK_TOTALS)},
        "money": {
            row.pop("currency"): {name: amount or 0 for name, amount in row.items()}
            for row in money
        },
    }
