"""The transactional outbox: an event is a row of its service's table until the bus has it.

A change and its events are written in one transaction (guarantee G4). The relay publishes each
row and deletes it after the bus accepts it; a scheduled sweep publishes rows left behind.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import msgspec

from souk.kernel.events import MAX_EVENT_BYTES, Event, source_of, to_envelope
from souk.kernel.items import to_item

PARTITION_PREFIX = "OUTBOX#"
PARTITION_COUNT = 8
"""Rows are spread by id over this many partitions, to avoid a hot one."""


def put_actions(table: str, *events: Event) -> list[dict[str, Any]]:
    """One transaction action per event, to be written with the change that caused it.

    Raises ValueError for an event above MAX_EVENT_BYTES; the limits of each service prevent that.
    """
    return [{"Put": {"TableName": table, "Item": to_item(_row(event))}} for event in events]


def partitions() -> list[str]:
    return [f"{PARTITION_PREFIX}{number}" for number in range(PARTITION_COUNT)]


def _row(event: Event) -> dict[str, Any]:
    envelope = to_envelope(event)
    detail = msgspec.json.encode(envelope).decode()
    if len(detail.encode()) > MAX_EVENT_BYTES:
        raise ValueError(f"{type(event).__name__} of {len(detail)} characters is too large")
    return {
        "pk": f"{PARTITION_PREFIX}{crc32(envelope.id.encode()) % PARTITION_COUNT}",
        "sk": envelope.id,
        "source": source_of(type(event)),
        "type": type(event).__name__,
        "detail": detail,
        "at": envelope.time,
    }
