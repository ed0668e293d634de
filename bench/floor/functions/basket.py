"""The floor of basket's API: put a line and check out."""

import hashlib
import json
import os
import time
import uuid
from typing import Any

import boto3

TABLE = os.environ["TABLE"]
SHIPPING = 495
dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    headers, body = event["headers"], json.loads(event["body"])
    owner = hashlib.sha256(headers["guest-token"].encode()).hexdigest()[:40]
    if event["routeKey"].startswith("PUT"):
        return _put(owner, event["pathParameters"]["sku"], body["quantity"])
    return _check_out(owner, headers["idempotency-key"], body)


def _put(owner: str, sku: str, quantity: int) -> dict[str, Any]:
    found = dynamodb.batch_get_item(
        RequestItems={
            TABLE: {
                "Keys": [_key(f"OFFER#{sku}", "OFFER"), _key(f"OWNER#{owner}", "BASKET")],
                "ConsistentRead": True,
            }
        }
    )["Responses"][TABLE]
    rows = {row["sk"]["S"]: row for row in found}
    offer, head = rows["OFFER"], rows.get("BASKET")
    expires = str(int(time.time()) + 30 * 86_400)
    if head is None or not head["is_open"]["BOOL"]:
        basket = str(uuid.uuid4())
        first: Any = {
            "Put": {
                "TableName": TABLE,
                "Item": {
                    **_key(f"OWNER#{owner}", "BASKET"),
                    "basket_id": {"S": basket},
                    "owner": {"S": owner},
                    "is_open": {"BOOL": True},
                    "version": {"N": "1"},
                    "line_count": {"N": "1"},
                    "expires_at": {"N": expires},
                },
                "ConditionExpression": "attribute_not_exists(pk) OR is_open <> :true",
                "ExpressionAttributeValues": {":true": {"BOOL": True}},
            }
        }
    else:
        basket = head["basket_id"]["S"]
        first = {
            "Update": {
                "TableName": TABLE,
                "Key": _key(f"OWNER#{owner}", "BASKET"),
                "ConditionExpression": "basket_id = :basket AND is_open = :true",
                "UpdateExpression": "ADD version :one, line_count :one",
                "ExpressionAttributeValues": {
                    ":basket": {"S": basket},
                    ":true": {"BOOL": True},
                    ":one": {"N": "1"},
                },
            }
        }
    line = {
        **_key(f"BASKET#{basket}", f"LINE#{sku}"),
        "sku": {"S": sku},
        "quantity": {"N": str(quantity)},
        "seen_price": offer["price"],
        "currency": offer["currency"],
        "expires_at": {"N": expires},
    }
    put: Any = {
        "TableName": TABLE,
        "Item": line,
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    dynamodb.transact_write_items(TransactItems=[first, {"Put": put}])
    unit_price = int(offer["price"]["N"])
    return _response(200, {"sku": sku, "quantity": quantity, "unit_price": unit_price})


def _check_out(owner: str, key: str, request: dict[str, Any]) -> dict[str, Any]:
    keys = [_key(f"OWNER#{owner}", f"CHECKOUT#{key}"), _key(f"OWNER#{owner}", "BASKET")]
    existing, head = dynamodb.transact_get_items(
        TransactItems=[{"Get": {"TableName": TABLE, "Key": each}} for each in keys]
    )["Responses"]
    if "Item" in existing:
        return _response(202, {"order_id": existing["Item"]["order_id"]["S"]})
    basket = head["Item"]["basket_id"]["S"]
    lines = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"BASKET#{basket}"}},
        ConsistentRead=True,
    )["Items"]
    offer_keys = [_key(f"OFFER#{line['sku']['S']}", "OFFER") for line in lines]
    offers = {
        offer["sku"]["S"]: offer
        for offer in dynamodb.batch_get_item(
            RequestItems={TABLE: {"Keys": offer_keys, "ConsistentRead": True}}
        )["Responses"][TABLE]
    }
    order_lines: list[dict[str, Any]] = [
        {
            "sku": line["sku"]["S"],
            "name": offers[line["sku"]["S"]]["name"]["S"],
            "quantity": int(line["quantity"]["N"]),
            "unit_price": int(offers[line["sku"]["S"]]["price"]["N"]),
        }
        for line in lines
    ]
    total = sum(line["quantity"] * line["unit_price"] for line in order_lines) + SHIPPING
    if total != request["expected_total"]["amount"]:
        return _response(409, {"total": total})
    order, contact, event = str(uuid.uuid4()), str(uuid.uuid4()), str(uuid.uuid4())
    detail = {
        "order_id": order,
        "owner": owner,
        "contact_id": contact,
        "lines": order_lines,
        "shipping": SHIPPING,
        "total": total,
        "payment_token": request["payment_token"],
        "checked_out_at": int(time.time()),
    }
    close: Any = {
        "TableName": TABLE,
        "Key": keys[1],
        "ConditionExpression": "basket_id = :basket AND is_open = :true AND version = :expected",
        "UpdateExpression": "SET is_open = :false",
        "ExpressionAttributeValues": {
            ":basket": {"S": basket},
            ":true": {"BOOL": True},
            ":false": {"BOOL": False},
            ":expected": head["Item"]["version"],
        },
    }
    checkout_record = {**keys[0], "order_id": {"S": order}, "total": {"N": str(total)}}
    contact_row = {
        **_key(f"CONTACT#{contact}", "CONTACT"),
        "owner": {"S": owner},
        "name": {"S": request["contact"]["name"]},
        "email": {"S": request["contact"]["email"]},
        "address": {"S": json.dumps(request["contact"]["address"])},
    }
    outbox_row = {
        **_key("OUTBOX#0", event),
        "type": {"S": "BasketCheckedOut"},
        "detail": {"S": json.dumps(detail)},
    }
    dynamodb.transact_write_items(
        TransactItems=[
            {"Update": close},
            {
                "Put": {
                    "TableName": TABLE,
                    "Item": checkout_record,
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
            {"Put": {"TableName": TABLE, "Item": contact_row}},
            {"Put": {"TableName": TABLE, "Item": outbox_row}},
        ]
    )
    location = f"/api/guest/orders/{order}"
    return _response(202, {"order_id": order, "total": total}, location)


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _response(status: int, body: Any, location: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    if location:
        headers["Location"] = location
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
