"""The relay: a room's outbox rows to the bus, entry by entry, from the stream or by the sweep.

A row is deleted only after the bus accepted its entry, so a relay killed in between says a
fact twice and never not at all. A fact the bus will never take goes, body included, to the
relay's dead-letter queue and stops nobody behind it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from botocore.exceptions import ClientError

from souk.kernel import aws, dynamo, outbox
from souk.kernel.clock import now, stamp
from souk.kernel.facts import MAX_BYTES
from souk.kernel.items import Item, from_item
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_ENTRIES = 10  # PutEvents takes no more in one call
SWEEP_AGE = timedelta(minutes=2)  # younger rows are still the stream's
FOR_GOOD = frozenset({"MalformedDetail", "InvalidArgument", "ValidationException"})
"""The fact itself is at fault. Anything else, a missing grant too, passes: the row waits."""


class RelaySettings(Settings, frozen=True, kw_only=True):
    table_name: str
    bus_name: str
    dead_letter_queue_url: str


class Row(NamedTuple):
    """An outbox row; `sequence` is its place in the stream, None when swept."""

    item: dict[str, Any]
    sequence: str | None = None


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Publish a batch of stream records, or, called by the schedule, whatever lies too long.

    Answers the records to be sent again (partial batch response).
    """
    settings = load(RelaySettings)
    rows = _streamed(event["Records"]) if "Records" in event else _left_behind(settings)
    left = [row for some in _chunks(rows) for row in _publish(some, settings)]
    return {"batchItemFailures": [{"itemIdentifier": row.sequence} for row in left if row.sequence]}


def _streamed(records: Sequence[dict[str, Any]]) -> Iterator[Row]:
    for record in records:
        change = record["dynamodb"]
        yield Row(from_item(change["NewImage"]), change["SequenceNumber"])


def _left_behind(settings: RelaySettings) -> Iterator[Row]:
    before = stamp(now() - SWEEP_AGE)
    for partition in outbox.partitions():
        for item in dynamo.query(settings.table_name, partition):
            if item["at"] < before:
                yield Row(item)


def _chunks(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    """As many as one call takes: by number, and by size (the fact's limit, for all together).

    Read as they are asked for, so that a long sweep cut off by its timeout has got somewhere.
    """
    chunk: list[Row] = []
    size = 0
    for row in rows:
        length = len(row.item["detail"].encode())
        if chunk and (len(chunk) == MAX_ENTRIES or size + length > MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += length
    if chunk:
        yield chunk


def _publish(rows: Sequence[Row], settings: RelaySettings) -> list[Row]:
    """Returns the rows to be tried again; all others are published or buried, and deleted."""
    left: list[Row] = []
    done: list[Row] = []
    for row, error in zip(rows, _put_events(rows, settings), strict=True):
        if error is not None and error not in FOR_GOOD:
            logger.warning("not published yet", fact_id=row.item["sk"], reason=error)
            left.append(row)
            continue
        if error is not None:
            _bury(row, error, settings)
        done.append(row)
    _delete(done, settings)
    logger.info("relayed", done=len(done), left=len(left))
    return left


def _put_events(rows: Sequence[Row], settings: RelaySettings) -> list[str | None]:
    """One error code, or None, per row. A call refused as a whole is repeated row by row."""
    try:
        answer = aws.eventbridge().put_events(
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
        if len(rows) == 1 or code in aws.THROTTLED:
            return [code] * len(rows)
        return [each for row in rows for each in _put_events([row], settings)]
    return [entry.get("ErrorCode") for entry in answer["Entries"]]


def _bury(row: Row, error: str, settings: RelaySettings) -> None:
    logger.error("unpublishable", fact_id=row.item["sk"], fact=row.item["type"], reason=error)
    aws.sqs().send_message(
        QueueUrl=settings.dead_letter_queue_url,
        MessageBody=msgspec.json.encode(row.item).decode(),
        MessageAttributes={"Reason": {"DataType": "String", "StringValue": error}},
    )


def _delete(rows: Sequence[Row], settings: RelaySettings) -> None:
    """What is not deleted now is swept, and said once more, later: that does no harm."""
    requests: list[Item] = [
        {"DeleteRequest": {"Key": dynamo.key(row.item["pk"], row.item["sk"])}} for row in rows
    ]
    if requests:
        aws.dynamodb().batch_write_item(RequestItems={settings.table_name: requests})  # type: ignore[dict-item]  # plain dicts
