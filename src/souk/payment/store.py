"""The ledger in DynamoDB.

    pk                 sk             what
    PAYMENT#<order>    HEAD           status, sums, the provider's reference; while undecided also
                                      in index `by_list`, under `open`
    PAYMENT#<order>    ENTRY#<key>    one movement, never changed: `authorize`, `refund#<id>`, …
    SANDBOX#<order>    PAYMENT        the sandbox's own books (see sandbox.py), in index `by_list`
                                      under `sandbox`
    OUTBOX#<n>         <fact id>      facts on their way to the bus

Index `by_list` (list, at) is what the reconciler reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel import aws, dynamo, outbox
from souk.kernel.clock import now, stamp
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.items import to_item
from souk.kernel.money import Money
from souk.payment.domain import Entry, Payment, PaymentMoved, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souk.kernel.facts import Fact

OPEN = "open"


class PaymentStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, order_id: str) -> Payment | None:
        row = dynamo.get(self._table, f"PAYMENT#{order_id}", "HEAD")
        return _payment(row) if row else None

    def begin(self, payment: Payment) -> bool:
        client = aws.dynamodb()
        try:
            client.put_item(
                TableName=self._table,
                Item=to_item(_head_row(payment)),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def record(self, after: Payment, *facts: Fact, entry: Entry | None = None) -> None:
        head = {
            "TableName": self._table,
            "Item": to_item(_head_row(after)),
            "ConditionExpression": "version = :before",
            "ExpressionAttributeValues": to_item({":before": after.version - 1}),
        }
        moved = [] if entry is None else [self._entry(after.order_id, entry)]
        try:
            dynamo.transact([{"Put": head}, *moved, *outbox.puts(self._table, *facts)])
        except ConditionFailed as error:
            raise PaymentMoved from error

    def has(self, order_id: str, key: str) -> bool:
        return dynamo.get(self._table, f"PAYMENT#{order_id}", f"ENTRY#{key}") is not None

    def left_open(self, before: str) -> Iterator[str]:
        rows = dynamo.query(
            self._table,
            OPEN,
            IndexName="by_list",
            KeyConditionExpression="#list = :pk AND #at < :before",
            ExpressionAttributeNames={"#list": "list", "#at": "at"},
            ExpressionAttributeValues=to_item({":pk": OPEN, ":before": before}),
        )
        return (row["order_id"] for row in rows)

    def _entry(self, order_id: str, entry: Entry) -> dict[str, Any]:
        row = {
            "pk": f"PAYMENT#{order_id}",
            "sk": f"ENTRY#{entry.key}",
            "kind": entry.kind,
            "amount": entry.amount.amount,
            "currency": entry.amount.currency,
            "reference": entry.reference,
            "at": stamp(now()),
        }
        condition = "attribute_not_exists(pk)"
        put = {"TableName": self._table, "Item": to_item(row), "ConditionExpression": condition}
        return {"Put": put}


def _head_row(payment: Payment) -> dict[str, Any]:
    return {
        "pk": f"PAYMENT#{payment.order_id}",
        "sk": "HEAD",
        "order_id": payment.order_id,
        "amount": payment.amount.amount,
        "currency": payment.amount.currency,
        "token": payment.token,
        "status": payment.status.value,
        "version": payment.version,
        "reference": payment.reference,
        "reason": payment.reason,
        "authorized": payment.authorized,
        "voided": payment.voided,
        "captured": payment.captured,
        "refunded": payment.refunded,
        "list": OPEN if payment.status.is_open else None,
        "at": stamp(now()),
    }


def _payment(row: dict[str, Any]) -> Payment:
    return Payment(
        order_id=row["order_id"],
        amount=Money(row["amount"], row["currency"]),
        token=row["token"],
        status=Status(row["status"]),
        version=row["version"],
        reference=row.get("reference"),
        reason=row.get("reason"),
        authorized=row["authorized"],
        voided=row["voided"],
        captured=row["captured"],
        refunded=row["refunded"],
    )
