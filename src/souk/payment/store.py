"""Payments in DynamoDB.

    pk                    sk             contents
    PAYMENT#<order_id>    HEAD           status, amount, sums, the provider's reference
    PAYMENT#<order_id>    ENTRY#<key>    a ledger entry, never changed: type, amount, at; its key
                                         is `authorize`, `capture`, `void` or `refund#<id>`
    RECONCILER            CURSOR         the time up to which the provider's list was compared
    SANDBOX#<reference>   PAYMENT        the sandbox's own records, see sandbox.py
    OUTBOX#<n>            <event id>     events not yet on the bus

The sums of a head are those of its entries. Index `by_collection` (collection, at) lists unsettled
payments under `unsettled`, by the time of their last change, and the sandbox's payments under
`sandbox`, by the time of their creation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws, dynamo, outbox
from souk.kernel.clock import now, timestamp
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ConcurrentUpdate
from souk.kernel.items import to_item
from souk.kernel.money import Money
from souk.payment.domain import LedgerEntry, Payment, PaymentChange, PaymentStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNSETTLED = "unsettled"
CURSOR = ("RECONCILER", "CURSOR")


class PaymentStore:
    """Implements the protocol `PaymentLedger`, which documents its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, order_id: str) -> Payment | None:
        row = dynamo.get(self._table, *_head_key(order_id))
        return _payment(row) if row else None

    def get_many(self, order_ids: Sequence[str]) -> dict[str, Payment]:
        rows = dynamo.batch_get(self._table, [_head_key(each) for each in order_ids])
        return {row["order_id"]: _payment(row) for row in rows.values()}

    def entries(self, order_id: str) -> list[LedgerEntry]:
        """The payment's ledger, by key. Unconfirmed requests have no entries."""
        rows = dynamo.query(self._table, f"PAYMENT#{order_id}", ConsistentRead=True)
        return [_entry(row) for row in rows if row["sk"].startswith("ENTRY#")]

    def save(self, before: Payment | None, change: PaymentChange) -> Payment:
        version = before.version + 1 if before else 1
        payment = msgspec.structs.replace(change.payment, version=version)
        head = {
            "TableName": self._table,
            "Item": to_item(_head_row(payment)),
            **_version_condition(before),
        }
        entries = [self._put_entry(payment.order_id, entry) for entry in change.entries]
        try:
            dynamo.transact_write(
                [{"Put": head}, *entries, *outbox.put_actions(self._table, *change.events)]
            )
        except ConditionFailed as error:
            if 0 not in error.failed:
                raise  # an entry exists that the head does not count: a defect; nothing was written
            raise ConcurrentUpdate(payment.order_id) from error
        return payment

    def unsettled_order_ids(self, before: str) -> Iterator[str]:
        """Orders whose payment is unsettled and last changed before this time, oldest first."""
        rows = dynamo.query(
            self._table,
            UNSETTLED,
            IndexName="by_collection",
            KeyConditionExpression="#collection = :collection AND #at < :before",
            ExpressionAttributeNames={"#collection": "collection", "#at": "at"},
            ExpressionAttributeValues=to_item({":collection": UNSETTLED, ":before": before}),
        )
        return (row["order_id"] for row in rows)

    def cursor(self) -> str | None:
        row = dynamo.get(self._table, *CURSOR)
        return row["until"] if row else None

    def move_cursor(self, until: str) -> None:
        pk, sk = CURSOR
        item = to_item({"pk": pk, "sk": sk, "until": until})
        aws.dynamodb().put_item(TableName=self._table, Item=item)

    def _put_entry(self, order_id: str, entry: LedgerEntry) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(_entry_row(order_id, entry)),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }


def _version_condition(before: Payment | None) -> dict[str, Any]:
    """The condition that `before`, or None for no payment, is what is stored."""
    if before is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "version = :version",
        "ExpressionAttributeValues": to_item({":version": before.version}),
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
        "pending_refunds": payment.pending_refunds,
        "reason": payment.reason,
        "created_at": payment.created_at,
        "at": timestamp(now()),
        "version": payment.version,
        "collection": UNSETTLED if payment.is_unsettled else None,
    }


def _entry_row(order_id: str, entry: LedgerEntry) -> dict[str, Any]:
    return {
        "pk": f"PAYMENT#{order_id}",
        "sk": f"ENTRY#{entry.key}",
        "order_id": order_id,
        "type": entry.type,
        "amount": entry.amount.amount,
        "currency": entry.amount.currency,
        "reference": entry.reference,
        "at": entry.at,
    }


def _payment(row: dict[str, Any]) -> Payment:
    return Payment(
        order_id=row["order_id"],
        status=PaymentStatus(row["status"]),
        created_at=row["created_at"],
        amount=Money(row["amount"], row["currency"]),
        reference=row.get("reference"),
        authorized=row["authorized"],
        captured=row["captured"],
        voided=row["voided"],
        refunds=row["refunds"],
        pending_refunds=row["pending_refunds"],
        reason=row.get("reason"),
        version=row["version"],
    )


def _entry(row: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        key=row["sk"].removeprefix("ENTRY#"),
        type=row["type"],
        amount=Money(row["amount"], row["currency"]),
        reference=row["reference"],
        at=row["at"],
    )
