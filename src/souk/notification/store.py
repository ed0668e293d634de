"""Records of emails and staff messages in DynamoDB, without personal data.

    pk                sk             row
    ORDER#<order id>  EMAIL#<name>   an email about the order: claimed until `lease`, sent or failed
    STAFF#<name>      EMAIL#<name>   a staff message, likewise

The name of an email is its type, with the id of the refund or return where there can be several.
Every row of an order contains its contact id, which is how the service finds the customer of an
event without one. Rows are kept for good, because events can be redelivered at any time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from souk.kernel import aws, dynamo
from souk.kernel.clock import now, timestamp
from souk.kernel.items import from_item, to_item
from souk.notification.domain import LEASE_SECONDS, STAFF, SendInProgress

if TYPE_CHECKING:
    from souk.notification.domain import Email

CLAIMED, SENT, FAILED = "claimed", "sent", "failed"


class EmailStore:
    """Implements the protocol `Emails`, which documents its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    def claim(self, email: Email) -> bool:
        seconds = int(time.time())
        pk, sk = _key(email)
        row = {
            "pk": pk,
            "sk": sk,
            "status": CLAIMED,
            "subject": email.subject,
            "contact_id": email.contact_id,
            "lease": seconds + LEASE_SECONDS,
            "at": timestamp(now()),
        }
        client = aws.dynamodb()
        try:
            client.put_item(
                TableName=self._table,
                Item=to_item(row),
                ConditionExpression="attribute_not_exists(pk)"
                " OR (#status = :claimed AND lease <= :now)",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_item({":claimed": CLAIMED, ":now": seconds}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except client.exceptions.ConditionalCheckFailedException as error:
            response: Any = error.response  # the stubs do not declare the Item of ALL_OLD
            if from_item(response["Item"])["status"] == CLAIMED:
                raise SendInProgress(f"{email.name} of {email.about} is being sent") from None
            return False
        return True

    def release_claim(self, email: Email) -> None:
        self._update_claim(email, {"lease": 0})

    def record_sent(self, email: Email, message_id: str) -> None:
        values = {"status": SENT, "message_id": message_id, "at": timestamp(now())}
        self._update(email, values)

    def record_failed(self, email: Email, reason: str) -> None:
        self._update_claim(email, {"status": FAILED, "reason": reason, "at": timestamp(now())})

    def record_bounced(self, email: Email, reason: str) -> None:
        self._update(email, {"status": FAILED, "reason": reason, "at": timestamp(now())})

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

    def _update_claim(self, email: Email, values: dict[str, Any]) -> None:
        """No effect on an email that is sent or failed."""
        client = aws.dynamodb()
        try:
            self._update(email, values, required_status=CLAIMED)
        except client.exceptions.ConditionalCheckFailedException:
            return

    def _update(
        self, email: Email, values: dict[str, Any], required_status: str | None = None
    ) -> None:
        condition = "#status = :required" if required_status else "attribute_exists(#status)"
        aws.dynamodb().update_item(
            TableName=self._table,
            Key=dynamo.key(*_key(email)),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in {*values, "status"}},
            ExpressionAttributeValues=to_item(
                {f":{name}": value for name, value in values.items()}
                | {":required": required_status}
            ),
        )


def _key(email: Email) -> tuple[str, str]:
    pk = f"STAFF#{email.name}" if email.about == STAFF else f"ORDER#{email.about}"
    return pk, f"EMAIL#{email.name}"
