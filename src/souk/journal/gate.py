"""Who may watch the shop live, and who does, in DynamoDB.

    pk               sk              what
    TICKET#<hash>    TICKET          a ticket nobody has used yet
    WATCHERS         <connection>    a connection that was let in

Both end, and that is checked here: DynamoDB deletes days late. A ticket's own text is kept
nowhere. Watchers are members of staff with the map open: few enough for one partition.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from souk.journal.domain import WATCHER_LIFE, Ticket, Watcher
from souk.kernel import aws, dynamo
from souk.kernel.clock import now, stamp
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.items import to_item

WATCHERS = "WATCHERS"


class GateStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def issue(self, ticket: Ticket) -> None:
        pk, sk = _ticket_key(ticket.text)
        row = {"pk": pk, "sk": sk, "expires_at": int(ticket.ends.timestamp())}
        aws.dynamodb().put_item(TableName=self._table, Item=to_item(row))

    def admit(self, connection_id: str, ticket: str) -> bool:
        moment = now()
        taken: dict[str, Any] = {
            "TableName": self._table,
            "Key": dynamo.key(*_ticket_key(ticket)),
            "ConditionExpression": "expires_at > :now",
            "ExpressionAttributeValues": to_item({":now": int(moment.timestamp())}),
        }
        row = {
            "pk": WATCHERS,
            "sk": connection_id,
            "since": stamp(moment),
            "expires_at": int((moment + WATCHER_LIFE).timestamp()),
        }
        try:
            dynamo.transact(
                [{"Delete": taken}, {"Put": {"TableName": self._table, "Item": to_item(row)}}]
            )
        except ConditionFailed:
            return False
        return True

    def watchers(self) -> list[Watcher]:
        this_moment = now().timestamp()
        return [
            Watcher(row["sk"], datetime.fromisoformat(row["since"]))
            for row in dynamo.query(self._table, WATCHERS)
            if row["expires_at"] > this_moment
        ]

    def forget(self, connection_id: str) -> None:
        aws.dynamodb().delete_item(TableName=self._table, Key=dynamo.key(WATCHERS, connection_id))


def _ticket_key(text: str) -> tuple[str, str]:
    return f"TICKET#{hashlib.sha256(text.encode()).hexdigest()}", "TICKET"
