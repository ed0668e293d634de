"""Looks behind a deployed shop's counter for a replay: its tables, and its carriers' secret."""

import json
from sqlite3 import Connection
from typing import Any

from cli.audit.gather import gather
from cli.audit.ledger import scratch
from cli.audit.shop import AwsShop
from cli.replay.backstage import Account, Figures, Shelf

_ACCOUNTS = """
SELECT order_id, coalesce(captured, 0) AS captured, coalesce(refunded, 0) AS refunded,
    coalesce(pieces, 0) - coalesce(returned, 0) AS pieces
FROM orders LEFT JOIN payments USING (order_id)
LEFT JOIN (SELECT order_id, sum(quantity) AS pieces FROM hold_lines JOIN holds USING (order_id)
    WHERE place < progress GROUP BY order_id) USING (order_id)
LEFT JOIN (SELECT order_id, sum(quantity) AS returned FROM came_back WHERE booked
    GROUP BY order_id) USING (order_id)
"""
_SHELVES = """
SELECT sku, received, available, coalesce(reserved, 0) AS reserved,
    coalesce(sold, 0) - coalesce(came_back, 0) AS sold, coalesce(came_back, 0) AS came_back
FROM stock LEFT JOIN (SELECT sku,
    sum(quantity) FILTER (WHERE status = 'committed') AS sold,
    sum(quantity) FILTER (WHERE status != 'committed') AS reserved
    FROM hold_lines JOIN holds USING (order_id) WHERE place < progress GROUP BY sku) USING (sku)
LEFT JOIN (SELECT sku, sum(quantity) AS came_back FROM came_back WHERE booked GROUP BY sku)
    USING (sku)
"""


class AwsBackstage:
    """Of a deployed stack, by a boto3 session; the same at home and in AWS."""

    def __init__(self, session: Any, stack: str) -> None:
        self._secrets = session.client("secretsmanager")
        described = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        self._outputs = {out["OutputKey"]: out["OutputValue"] for out in described["Outputs"]}
        self._shop = AwsShop(session, stack)

    def notice_secret(self) -> str:
        kept = self._secrets.get_secret_value(SecretId=self._outputs["CarrierSecret"])
        secret: str = json.loads(kept["SecretString"])["notice_secret"]
        return secret

    def figures(self) -> Figures:
        with scratch() as book:
            gather(self._shop, book)
            return figures_in(book)


def figures_in(book: Connection) -> Figures:
    """Of all that an audit has put down in its book."""
    return Figures(
        {order_id: Account(*sums) for order_id, *sums in book.execute(_ACCOUNTS)},
        {sku: Shelf(*pieces) for sku, *pieces in book.execute(_SHELVES)},
    )
