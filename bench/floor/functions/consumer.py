"""The floor of ordering's consumer: a checked-out basket becomes an order."""

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
            _place(json.loads(record["body"])["detail"])
        except Exception:  # noqa: BLE001  it comes again
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _place(fact: dict[str, Any]) -> None:
    pk = {"pk": {"S": f"ORDER#{fact['order_id']}"}}
    head = {
        **pk,
        "sk": {"S": "HEAD"},
        "order_id": {"S": fact["order_id"]},
        "owner": {"S": fact["owner"]},
        "contact_id": {"S": fact["contact_id"]},
        "status": {"S": "placed"},
        "total": {"N": str(fact["total"])},
        "shipping": {"N": str(fact["shipping"])},
        "payment_token": {"S": fact["payment_token"]},
        "placed_at": {"N": str(fact["checked_out_at"])},
    }
    lines = {**pk, "sk": {"S": "LINES"}, "lines": {"S": json.dumps(fact["lines"])}}
    said = {
        "pk": {"S": "OUTBOX#0"},
        "sk": {"S": str(uuid.uuid4())},
        "type": {"S": "OrderPlaced"},
        "detail": {"S": json.dumps({name: fact[name] for name in ("order_id", "owner", "total")})},
    }
    placed: Any = {
        "TableName": TABLE,
        "Item": head,
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    try:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": placed},
                {"Put": {"TableName": TABLE, "Item": lines}},
                {"Put": {"TableName": TABLE, "Item": said}},
            ]
        )
    except dynamodb.exceptions.TransactionCanceledException as error:
        if error.response["CancellationReasons"][0].get("Code") != "ConditionalCheckFailed":
            raise
