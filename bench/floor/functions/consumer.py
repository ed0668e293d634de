"""The floor of ordering's consumer: places an order for each checked-out basket."""

import json
import os
import uuid
from typing import Any

import boto3

TABLE = os.environ["TABLE"]
dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    failed = []
    for record in event["Records"]:
        try:
            _place_order(json.loads(record["body"])["detail"])
        except Exception:  # noqa: BLE001  the message is delivered again
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _place_order(event: dict[str, Any]) -> None:
    pk = {"pk": {"S": f"ORDER#{event['order_id']}"}}
    head = {
        **pk,
        "sk": {"S": "HEAD"},
        "order_id": {"S": event["order_id"]},
        "owner": {"S": event["owner"]},
        "contact_id": {"S": event["contact_id"]},
        "status": {"S": "placed"},
        "total": {"N": str(event["total"])},
        "shipping": {"N": str(event["shipping"])},
        "payment_token": {"S": event["payment_token"]},
        "placed_at": {"N": str(event["checked_out_at"])},
    }
    lines = {**pk, "sk": {"S": "LINES"}, "lines": {"S": json.dumps(event["lines"])}}
    outbox_row = {
        "pk": {"S": "OUTBOX#0"},
        "sk": {"S": str(uuid.uuid4())},
        "type": {"S": "OrderPlaced"},
        "detail": {"S": json.dumps({name: event[name] for name in ("order_id", "owner", "total")})},
    }
    put_head: Any = {
        "TableName": TABLE,
        "Item": head,
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    try:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": put_head},
                {"Put": {"TableName": TABLE, "Item": lines}},
                {"Put": {"TableName": TABLE, "Item": outbox_row}},
            ]
        )
    except dynamodb.exceptions.TransactionCanceledException as error:
        if error.response["CancellationReasons"][0].get("Code") != "ConditionalCheckFailed":
            raise
