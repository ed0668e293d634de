"""Reads the data of a deployed shop that a replay needs and that no API provides.

These are the balances of orders and stock, from the tables of the services, and the secret with
which carriers sign their webhooks.
"""

import json
from sqlite3 import Connection
from typing import Any

from cli.audit.collect import collect_rows
from cli.audit.database import open_database
from cli.audit.shop import AwsShop
from cli.replay.internals import Balances, OrderBalance, StockBalance

_ORDER_BALANCES = """
SELECT order_id, coalesce(captured, 0) AS captured, coalesce(refunded, 0) AS refunded,
    coalesce(held, 0) - coalesce(returned, 0) AS items
FROM orders LEFT JOIN payments USING (order_id)
LEFT JOIN (SELECT order_id, sum(quantity) AS held FROM hold_lines JOIN holds USING (order_id)
    WHERE position < progress GROUP BY order_id) USING (order_id)
LEFT JOIN (SELECT order_id, sum(quantity) AS returned FROM booked_returns WHERE is_booked
    GROUP BY order_id) USING (order_id)
"""
_STOCK_BALANCES = """
SELECT sku, received, available, coalesce(reserved, 0) AS reserved,
    coalesce(committed, 0) - coalesce(returned, 0) AS sold, coalesce(returned, 0) AS returned
FROM stock LEFT JOIN (SELECT sku,
    sum(quantity) FILTER (WHERE status = 'committed') AS committed,
    sum(quantity) FILTER (WHERE status != 'committed') AS reserved
    FROM hold_lines JOIN holds USING (order_id) WHERE position < progress GROUP BY sku) USING (sku)
LEFT JOIN (SELECT sku, sum(quantity) AS returned FROM booked_returns WHERE is_booked
    GROUP BY sku) USING (sku)
"""


class AwsShopInternals:
    """Of a deployed stack, read with a boto3 session. Works with the local cloud and AWS."""

    def __init__(self, session: Any, stack: str) -> None:
        self._secrets = session.client("secretsmanager")
        response = session.client("cloudformation").describe_stacks(StackName=stack)
        self._outputs = {
            output["OutputKey"]: output["OutputValue"]
            for output in response["Stacks"][0]["Outputs"]
        }
        self._shop = AwsShop(session, stack)

    def webhook_secret(self) -> str:
        """The secret with which carriers sign their webhooks."""
        response = self._secrets.get_secret_value(SecretId=self._outputs["CarrierSecret"])
        secret: str = json.loads(response["SecretString"])["webhook_secret"]
        return secret

    def balances(self) -> Balances:
        """The current balances of all orders and all stock."""
        with open_database() as database:
            collect_rows(self._shop, database)
            return read_balances(database)


def read_balances(database: Connection) -> Balances:
    """The balances of the shop whose rows were collected into the database."""
    return Balances(
        {order_id: OrderBalance(*sums) for order_id, *sums in database.execute(_ORDER_BALANCES)},
        {sku: StockBalance(*sums) for sku, *sums in database.execute(_STOCK_BALANCES)},
    )
