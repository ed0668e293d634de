"""Tickets and connections of the live feed, in DynamoDB.

    pk               sk               content
    TICKET#<hash>    TICKET          an unused ticket, under the SHA-256 hash of its token
    CONNECTIONS      <connection id>  an open connection

Both expire. Expiry is checked on read, because DynamoDB may delete expired rows days late.
Connections belong to staff who have the live map open: few enough for one partition.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from souk.kernel import aws, dynamo
from souk.kernel.clock import now, timestamp
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.items import to_item
from souk.timeline.domain import CONNECTION_LIFETIME, Connection, Ticket

CONNECTIONS = "CONNECTIONS"


class ConnectionStore:
    """Implements the protocol `Connections`, which documents its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    def add_ticket(self, ticket: Ticket) -> None:
        pk, sk = _ticket_key(ticket.token)
        row = {"pk": pk, "sk": sk, "expires_at": int(ticket.expires_at.timestamp())}
        aws.dynamodb().put_item(TableName=self._table, Item=to_item(row))

    def redeem_ticket(self, token: str, connection_id: str) -> bool:
        moment = now()
        delete_ticket: dict[str, Any] = {
            "TableName": self._table,
            "Key": dynamo.key(*_ticket_key(token)),
            "ConditionExpression": "expires_at > :now",
            "ExpressionAttributeValues": to_item({":now": int(moment.timestamp())}),
        }
        connection = {
            "pk": CONNECTIONS,
            "sk": connection_id,
            "connected_at": timestamp(moment),
            "expires_at": int((moment + CONNECTION_LIFETIME).timestamp()),
        }
        put_connection = {"TableName": self._table, "Item": to_item(connection)}
        try:
            dynamo.transact_write([{"Delete": delete_ticket}, {"Put": put_connection}])
        except ConditionFailed:
            return False
        return True

    def list_connections(self) -> list[Connection]:
        seconds = now().timestamp()
        return [
            Connection(row["sk"], datetime.fromisoformat(row["connected_at"]))
            for row in dynamo.query(self._table, CONNECTIONS)
            if row["expires_at"] > seconds
        ]

    def remove(self, connection_id: str) -> None:
        key = dynamo.key(CONNECTIONS, connection_id)
        aws.dynamodb().delete_item(TableName=self._table, Key=key)


def _ticket_key(token: str) -> tuple[str, str]:
    return f"TICKET#{hashlib.sha256(token.encode()).hexdigest()}", "TICKET"
