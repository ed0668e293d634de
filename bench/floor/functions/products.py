"""The floor of the catalog's API: one read, or one query."""

import json
import os
from typing import Any

import boto3

TABLE = os.environ["TABLE"]
dynamodb = boto3.client("dynamodb")
NUMBERS = ("price", "weight_grams", "version")


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    if event["routeKey"] == "GET /api/products":
        return _page(event["queryStringParameters"]["category"])
    sku = event["pathParameters"]["sku"]
    key = {"pk": {"S": f"PRODUCT#{sku}"}, "sk": {"S": "PRODUCT"}}
    found = dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)
    return _response(_plain(found["Item"]) if "Item" in found else None)


def _page(category: str) -> dict[str, Any]:
    found = dynamodb.query(
        TableName=TABLE,
        IndexName="by_category",
        KeyConditionExpression="category_listed = :category",
        ExpressionAttributeValues={":category": {"S": category}},
        ScanIndexForward=False,
        Limit=25,
    )
    return _response({"items": [_plain(item) for item in found["Items"][:24]]})


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {
        name: int(value["N"]) if name in NUMBERS else next(iter(value.values()))
        for name, value in item.items()
    }


def _response(body: Any) -> dict[str, Any]:
    status = 404 if body is None else 200
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body),
    }
