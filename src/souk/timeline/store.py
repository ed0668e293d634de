"""Events by order, in DynamoDB.

    pk             sk                 content
    ORDER#<id>     EVENT#<event id>   an event about the order, lists truncated; permanent
    RECENT         <slot>             the newest events of a batch, without their data

An event's row always has the same key and content, so writing it again is harmless: batches are
written without conditions by BatchWriteItem. Ids sort by time, so one query reads the events of
an order in order.

`RECENT` has a fixed number of slots. Each batch overwrites one of them, and a slot expires after a
day. It shows what is going on and is not complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any
from zlib import crc32

import msgspec

from souk.kernel import aws, dynamo
from souk.kernel.clock import now
from souk.kernel.events import ReceivedEvent
from souk.kernel.items import Item, to_item
from souk.kernel.retry import attempts
from souk.timeline.domain import RecentEvent, find_order_id, to_recent_event, trim_data

RECENT = "RECENT"
RECENT_SLOTS = 64
MAX_RECENT_PER_BATCH = 20
RECENT_LIFETIME = timedelta(days=1)
MAX_BATCH_WRITE_ITEMS = 25  # limit of BatchWriteItem

Row = dict[str, Any]


class TimelineStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def add(self, events: Sequence[ReceivedEvent]) -> None:
        rows = [
            _event_row(order_id, event) for event in events if (order_id := find_order_id(event))
        ]
        if events:
            rows.append(_recent_row(events))
        by_key = {(row["pk"], row["sk"]): row for row in rows}  # a call may name each key once
        for chunk in _chunks(list(by_key.values())):
            self._write(chunk)

    def list_events(self, order_id: str) -> list[ReceivedEvent]:
        rows = dynamo.query(self._table, f"ORDER#{order_id}", ConsistentRead=True)
        return sorted(map(_event, rows), key=attrgetter("time", "id"))

    def list_recent(self, limit: int, service: str | None) -> list[RecentEvent]:
        """The newest events, of all services or of one, newest first."""
        seconds = int(now().timestamp())
        by_id = {
            event.id: event
            for row in dynamo.query(self._table, RECENT)
            if row["expires_at"] > seconds  # DynamoDB may delete expired rows days late
            for event in msgspec.json.decode(row["events"], type=list[RecentEvent])
            if service in (None, event.service)
        }
        return sorted(by_id.values(), key=attrgetter("at", "id"), reverse=True)[:limit]

    def _write(self, rows: Iterable[Row]) -> None:
        """Repeats the call for rows that it left unprocessed. Raises Busy."""
        requests: list[Item] = [{"PutRequest": {"Item": to_item(row)}} for row in rows]
        for _ in attempts():
            response: Any = aws.dynamodb().batch_write_item(
                RequestItems={self._table: requests}  # type: ignore[dict-item]  # plain dicts
            )
            requests = response["UnprocessedItems"].get(self._table, [])
            if not requests:
                return


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), MAX_BATCH_WRITE_ITEMS):
        yield rows[start : start + MAX_BATCH_WRITE_ITEMS]


def _event_row(order_id: str, event: ReceivedEvent) -> Row:
    return {
        "pk": f"ORDER#{order_id}",
        "sk": f"EVENT#{event.id}",
        "name": event.name,
        "source": event.source,
        "id": event.id,
        "time": event.time,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "data": msgspec.json.encode(trim_data(event.data)).decode(),
    }


def _event(row: Row) -> ReceivedEvent:
    return msgspec.convert({**row, "data": msgspec.json.decode(row["data"])}, ReceivedEvent)


def _recent_row(events: Iterable[ReceivedEvent]) -> Row:
    newest = sorted(events, key=attrgetter("time", "id"))[-MAX_RECENT_PER_BATCH:]
    return {
        "pk": RECENT,
        "sk": f"{crc32(newest[-1].id.encode()) % RECENT_SLOTS:02}",
        "events": msgspec.json.encode([to_recent_event(event) for event in newest]).decode(),
        "expires_at": int((now() + RECENT_LIFETIME).timestamp()),
    }
