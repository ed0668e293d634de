"""Payments in DynamoDB.

    pk                    sk             what
    PAYMENT#<order_id>    HEAD           status, amount, sums, the provider's reference
    PAYMENT#<order_id>    ENTRY#<key>    a ledger entry, never changed: kind, amount, at; its key
                                         is `authorize`, `capture`, `void` or `refund#<id>`
    RECONCILER            CURSOR         up to when the provider's list was compared
    SANDBOX#<reference>   PAYMENT        the sandbox's own books, see sandbox.py
    OUTBOX#<n>            <fact id>      facts on their way to the bus

The head's sums are those of its entries. Index `by_book` (book, at) holds unsettled payments
under `unsettled` (sorted by their last change) and the sandbox's under `sandbox`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws, dynamo, outbox
from souk.kernel.clock import now, stamp
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.items import to_item
from souk.kernel.money import Money
from souk.payment.domain import Entry, Payment, PaymentMoved, Status, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNSETTLED = "unsettled"
CURSOR = ("RECONCILER", "CURSOR")


class PaymentStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, order_id: str) -> Payment | None:
        row = dynamo.get(self._table, *_head_key(order_id))
        return _payment(row) if row else None

    def get_many(self, order_ids: Sequence[str]) -> dict[str, Payment]:
        rows = dynamo.get_many(self._table, [_head_key(each) for each in order_ids])
        return {row["order_id"]: _payment(row) for row in rows.values()}

    def entries(self, order_id: str) -> list[Entry]:
        """The payment's ledger; it tells nothing of what was only asked for."""
        rows = dynamo.query(self._table, f"PAYMENT#{order_id}", ConsistentRead=True)
        return [_entry(row) for row in rows if row["sk"].startswith("ENTRY#")]

    def save(self, before: Payment | None, step: Step) -> Payment:
        payment = msgspec.structs.replace(step.payment, version=before.version + 1 if before else 1)
        head = {
            "TableName": self._table,
            "Item": to_item(_head_row(payment)),
            **_as_read(before),
        }
        entries = [self._entry(payment.order_id, entry) for entry in step.entries]
        try:
            dynamo.transact([{"Put": head}, *entries, *outbox.puts(self._table, *step.facts)])
        except ConditionFailed as error:
            if 0 not in error.failed:
                raise  # the head forgot an entry: our mistake, and nothing was written
            raise PaymentMoved(payment.order_id) from error
        return payment

    def unsettled(self, before: str) -> Iterator[str]:
        """Orders whose payment was last changed before this and is not settled, oldest first."""
        rows = dynamo.query(
            self._table,
            UNSETTLED,
            IndexName="by_book",
            KeyConditionExpression="#book = :book AND #at < :before",
            ExpressionAttributeNames={"#book": "book", "#at": "at"},
            ExpressionAttributeValues=to_item({":book": UNSETTLED, ":before": before}),
        )
        return (row["order_id"] for row in rows)

    def cursor(self) -> str | None:
        row = dynamo.get(self._table, *CURSOR)
        return row["until"] if row else None

    def move_cursor(self, until: str) -> None:
        pk, sk = CURSOR
        item = to_item({"pk": pk, "sk": sk, "until": until})
        aws.dynamodb().put_item(TableName=self._table, Item=item)

    def _entry(self, order_id: str, entry: Entry) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(_entry_row(order_id, entry)),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }


def _as_read(before: Payment | None) -> dict[str, Any]:
    if before is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "version = :seen",
        "ExpressionAttributeValues": to_item({":seen": before.version}),
    }


def _head_key(order_id: str) -> tuple[str, str]:
    return f"PAYMENT#{order_id}", "HEAD"


def _head_row(payment: Payment) -> dict[str, Any]:
    pk, sk = _head_key(payment.order_id)
    return {
        "pk": pk,
        "sk": sk,
        "order_id": payment.order_id,
        "status": payment.status.value,
        "amount": payment.amount.amount,
        "currency": payment.amount.currency,
        "reference": payment.reference,
        "authorized": payment.authorized,
        "captured": payment.captured,
        "voided": payment.voided,
        "refunded": payment.refunded,
        "refunds": payment.refunds,
        "asked": payment.asked,
        "reason": payment.reason,
        "began_at": payment.began_at,
        "at": stamp(now()),
        "version": payment.version,
        "book": UNSETTLED if payment.unsettled else None,
    }


def _entry_row(order_id: str, entry: Entry) -> dict[str, Any]:
    return {
        "pk": f"PAYMENT#{order_id}",
        "sk": f"ENTRY#{entry.key}",
        "order_id": order_id,
        "kind": entry.kind,
        "amount": entry.amount.amount,
        "currency": entry.amount.currency,
        "reference": entry.reference,
        "at": entry.at,
    }


def _payment(row: dict[str, Any]) -> Payment:
    return Payment(
        order_id=row["order_id"],
        status=Status(row["status"]),
        began_at=row["began_at"],
        amount=Money(row["amount"], row["currency"]),
        reference=row.get("reference"),
        authorized=row["authorized"],
        captured=row["captured"],
        voided=row["voided"],
        refunds=row["refunds"],
        asked=row["asked"],
        reason=row.get("reason"),
        version=row["version"],
    )


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        key=row["sk"].removeprefix("ENTRY#"),
        kind=row["kind"],
        amount=Money(row["amount"], row["currency"]),
        reference=row["reference"],
        at=row["at"],
    )
