"""Mails in DynamoDB: what became of each, and nothing of whom it went to.

    pk              sk             what
    ORDER#<id>      MAIL#<name>    a mail about the order: claimed until `lease`, sent or failed
    STAFF#<name>    MAIL#<name>    word to staff, the same

A mail's name is its kind, with the refund's or return's id where there may be several. Each row
of an order knows its contact id: so the room knows whose order it is without asking anybody.
Rows stay for good, as facts may come again at any time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from souk.kernel import aws, dynamo
from souk.kernel.clock import now, stamp
from souk.kernel.items import from_item, to_item
from souk.notification.domain import LEASE_SECONDS, STAFF, BeingSent

if TYPE_CHECKING:
    from souk.notification.domain import Mail

CLAIMED, SENT, FAILED = "claimed", "sent", "failed"


class MailStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def claim(self, mail: Mail) -> bool:
        moment = int(time.time())
        pk, sk = _key(mail)
        row = {
            "pk": pk,
            "sk": sk,
            "status": CLAIMED,
            "subject": mail.subject,
            "contact_id": mail.contact_id,
            "lease": moment + LEASE_SECONDS,
            "at": stamp(now()),
        }
        client = aws.dynamodb()
        try:
            client.put_item(
                TableName=self._table,
                Item=to_item(row),
                ConditionExpression="attribute_not_exists(pk)"
                " OR (#status = :claimed AND lease <= :now)",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_item({":claimed": CLAIMED, ":now": moment}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except client.exceptions.ConditionalCheckFailedException as error:
            found: Any = error.response  # the stubs know nothing of ALL_OLD
            if from_item(found["Item"])["status"] == CLAIMED:
                raise BeingSent(f"{mail.name} of {mail.about} is being sent") from None
            return False
        return True

    def let_go(self, mail: Mail) -> None:
        self._change_claim(mail, {"lease": 0})

    def record_sent(self, mail: Mail, receipt: str) -> None:
        """Whatever the row says: it was sent."""
        self._change(mail, {"status": SENT, "receipt": receipt, "at": stamp(now())})

    def record_failed(self, mail: Mail, reason: str) -> None:
        self._change_claim(mail, {"status": FAILED, "reason": reason, "at": stamp(now())})

    def record_returned(self, mail: Mail, reason: str) -> None:
        self._change(mail, {"status": FAILED, "reason": reason, "at": stamp(now())})

    def contact_of(self, order_id: str) -> str | None:
        rows = aws.dynamodb().query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_item({":pk": f"ORDER#{order_id}"}),
            ProjectionExpression="contact_id",
            ConsistentRead=True,
            Limit=1,
        )["Items"]
        return from_item(rows[0])["contact_id"] if rows else None

    def _change_claim(self, mail: Mail, values: dict[str, Any]) -> None:
        """Unless it is no claim any more."""
        client = aws.dynamodb()
        try:
            self._change(mail, values, only=CLAIMED)
        except client.exceptions.ConditionalCheckFailedException:
            return

    def _change(self, mail: Mail, values: dict[str, Any], only: str | None = None) -> None:
        condition = "#status = :only" if only else "attribute_exists(#status)"
        aws.dynamodb().update_item(
            TableName=self._table,
            Key=dynamo.key(*_key(mail)),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in {*values, "status"}},
            ExpressionAttributeValues=to_item(
                {f":{name}": value for name, value in values.items()} | {":only": only}
            ),
        )


def _key(mail: Mail) -> tuple[str, str]:
    about = f"STAFF#{mail.name}" if mail.about == STAFF else f"ORDER#{mail.about}"
    return about, f"MAIL#{mail.name}"
