"""The outbox relay: publishes a service's outbox rows, from the table's stream and by a sweep.

A row is deleted only after the bus accepted its event: a relay that crashes in between publishes
the event twice, never not at all. An event that the bus will never accept moves, body included,
to the relay's dead-letter queue and does not block the events behind it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from botocore.exceptions import ClientError

from souk.kernel import aws, dynamo, outbox
from souk.kernel.clock import now, timestamp
from souk.kernel.events import MAX_EVENT_BYTES
from souk.kernel.items import Item, from_item
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_ENTRIES = 10  # limit of PutEvents
SWEEP_AGE = timedelta(minutes=2)  # younger rows are left to the stream
PERMANENT_ERRORS = frozenset({"MalformedDetail", "InvalidArgument", "ValidationException"})
"""Errors caused by the event itself. Any other error, such as a missing grant, is retried."""


class RelaySettings(Settings, frozen=True, kw_only=True):
    table_name: str
    bus_name: str
    dead_letter_queue_url: str


class Row(NamedTuple):
    """An outbox row. `sequence` is its position in the stream; None for a swept row."""

    item: dict[str, Any]
    sequence: str | None = None


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Publishes a batch of stream records or, invoked by the schedule, all overdue rows.

    Returns the records to deliver again (partial batch response).
    """
    settings = load(RelaySettings)
    rows = _stream_rows(event["Records"]) if "Records" in event else _overdue_rows(settings)
    failed = [row for chunk in _chunks(rows) for row in _publish(chunk, settings)]
    return {
        "batchItemFailures": [{"itemIdentifier": row.sequence} for row in failed if row.sequence]
    }


def _stream_rows(records: Sequence[dict[str, Any]]) -> Iterator[Row]:
    for record in records:
        change = record["dynamodb"]
        yield Row(from_item(change["NewImage"]), change["SequenceNumber"])


def _overdue_rows(settings: RelaySettings) -> Iterator[Row]:
    before = timestamp(now() - SWEEP_AGE)
    for partition in outbox.partitions():
        for item in dynamo.query(settings.table_name, partition):
            if item["at"] < before:
                yield Row(item)


def _chunks(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    """Splits rows by the limits of one PutEvents call: number of entries and total size.

    It is lazy: a long sweep that times out has published the chunks before.
    """
    chunk: list[Row] = []
    size = 0
    for row in rows:
        length = len(row.item["detail"].encode())
        if chunk and (len(chunk) == MAX_ENTRIES or size + length > MAX_EVENT_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += length
    if chunk:
        yield chunk


def _publish(rows: Sequence[Row], settings: RelaySettings) -> list[Row]:
    """Returns the rows to retry. All others are published or dead-lettered, and deleted."""
    failed: list[Row] = []
    done: list[Row] = []
    for row, error in zip(rows, _put_events(rows, settings), strict=True):
        if error is not None and error not in PERMANENT_ERRORS:
            logger.warning("not published", event_id=row.item["sk"], reason=error)
            failed.append(row)
            continue
        if error is not None:
            _move_to_dead_letter_queue(row, error, settings)
        done.append(row)
    _delete(done, settings)
    logger.info("relayed", done=len(done), failed=len(failed))
    return failed


def _put_events(rows: Sequence[Row], settings: RelaySettings) -> list[str | None]:
    """One error code or None per row. A call rejected as a whole is repeated row by row."""
    try:
        response = aws.eventbridge().put_events(
            Entries=[
                {
                    "EventBusName": settings.bus_name,
                    "Source": row.item["source"],
                    "DetailType": row.item["type"],
                    "Detail": row.item["detail"],
                }
                for row in rows
            ]
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if len(rows) == 1 or code in aws.THROTTLING_CODES:
            return [code] * len(rows)
        return [each for row in rows for each in _put_events([row], settings)]
    return [entry.get("ErrorCode") for entry in response["Entries"]]


def _move_to_dead_letter_queue(row: Row, error: str, settings: RelaySettings) -> None:
    logger.error(
        "moved to the dead-letter queue",
        event_id=row.item["sk"],
        event=row.item["type"],
        reason=error,
    )
    aws.sqs().send_message(
        QueueUrl=settings.dead_letter_queue_url,
        MessageBody=msgspec.json.encode(row.item).decode(),
        MessageAttributes={"Reason": {"DataType": "String", "StringValue": error}},
    )


def _delete(rows: Sequence[Row], settings: RelaySettings) -> None:
    """A row that is not deleted now is swept and published once more, which is harmless."""
    requests: list[Item] = [
        {"DeleteRequest": {"Key": dynamo.key(row.item["pk"], row.item["sk"])}} for row in rows
    ]
    if requests:
        aws.dynamodb().batch_write_item(RequestItems={settings.table_name: requests})  # type: ignore[dict-item]  # plain dicts
