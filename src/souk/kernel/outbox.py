"""The transactional outbox: facts are rows of the room's own table until the bus has them.

A change and the facts it caused are written in one transaction (guarantee G4). The relay
publishes each row and deletes it once the bus accepted it; a sweep finds what was left behind.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import msgspec

from souk.kernel.facts import MAX_BYTES, Fact, envelope, source
from souk.kernel.items import to_item

PARTITION = "OUTBOX#"
PARTITIONS = 8
"""Rows are spread by id, so that a busy shop's outbox is no hot partition."""


def puts(table: str, *facts: Fact) -> list[dict[str, Any]]:
    """One transaction action per fact, to be sent along with the change that caused it.

    Raises ValueError for a fact the bus would not take: a room's own limits must prevent it.
    """
    return [{"Put": {"TableName": table, "Item": to_item(_row(fact))}} for fact in facts]


def partitions() -> list[str]:
    return [f"{PARTITION}{number}" for number in range(PARTITIONS)]


def _row(fact: Fact) -> dict[str, Any]:
    sealed = envelope(fact)
    detail = msgspec.json.encode(sealed).decode()
    if len(detail.encode()) > MAX_BYTES:
        raise ValueError(f"{type(fact).__name__} of {len(detail)} characters is too large")
    return {
        "pk": f"{PARTITION}{crc32(sealed.id.encode()) % PARTITIONS}",
        "sk": sealed.id,
        "source": source(type(fact)),
        "type": type(fact).__name__,
        "detail": detail,
        "at": sealed.time,
    }
