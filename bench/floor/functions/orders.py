"""The floor of ordering's API: read one order."""

import hashlib
import json
import os
from typing import Any

import boto3

TABLE = os.environ["TABLE"]
dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    owner = hashlib.sha256(event["headers"]["guest-token"].encode()).hexdigest()[:40]
    rows = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"ORDER#{event['pathParameters']['order_id']}"}},
        ConsistentRead=True,
    )["Items"]
    found = {row["sk"]["S"]: row for row in rows}
    is_found = len(found) == 2 and found["HEAD"]["owner"]["S"] == owner
    order = {
        "order_id": found["HEAD"]["order_id"]["S"],
        "status": found["HEAD"]["status"]["S"],
        "total": int(found["HEAD"]["total"]["N"]),
        "lines": json.loads(found["LINES"]["lines"]["S"]),
    } if is_found else None  # fmt: skip
    return {
        "statusCode": 200 if is_found else 404,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(order),
    }
