"""The floor of a relay: publishes outbox rows from the table's stream."""

import os
from typing import Any

import boto3

TABLE, BUS, SOURCE = os.environ["TABLE"], os.environ["BUS"], os.environ["SOURCE"]
dynamodb, events = boto3.client("dynamodb"), boto3.client("events")


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    records = event["Records"]
    failed = []
    for start in range(0, len(records), 10):
        failed += _publish(records[start : start + 10])
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def _publish(records: list[dict[str, Any]]) -> list[str]:
    rows = [record["dynamodb"]["NewImage"] for record in records]
    entries = events.put_events(
        Entries=[
            {
                "EventBusName": BUS,
                "Source": SOURCE,
                "DetailType": row["type"]["S"],
                "Detail": row["detail"]["S"],
            }
            for row in rows
        ]
    )["Entries"]
    done = [row for row, entry in zip(rows, entries, strict=True) if "ErrorCode" not in entry]
    deletes: Any = [{"DeleteRequest": {"Key": {n: row[n] for n in ("pk", "sk")}}} for row in done]
    if deletes:
        dynamodb.batch_write_item(RequestItems={TABLE: deletes})
    return [
        record["dynamodb"]["SequenceNumber"]
        for record, entry in zip(records, entries, strict=True)
        if "ErrorCode" in entry
    ]
