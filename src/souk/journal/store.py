"""Stories in DynamoDB.

    pk             sk               what
    ORDER#<id>     FACT#<fact id>   a fact about the order, its lists shortened; for good
    RECENT         <slot>           the newest facts of a batch, without what they say

A fact's row has one key and one content, however often it is written: no condition is needed,
and a batch is a BatchWriteItem. Ids sort by time, so a story is one query in order.

`RECENT` has no more rows than slots: a batch takes the place of some older one, and what is in
it counts for a day. It is a picture of what is going on and promises nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any
from zlib import crc32

import msgspec

from souk.journal.domain import News, abridged, news, order_of
from souk.kernel import aws, dynamo
from souk.kernel.clock import now
from souk.kernel.facts import Heard
from souk.kernel.items import Item, to_item
from souk.kernel.patience import tries

RECENT = "RECENT"
SLOTS = 64
NEWEST = 20
"""So many facts of one batch are news."""

FRESH = timedelta(days=1)
PER_WRITE = 25  # BatchWriteItem takes no more

Row = dict[str, Any]


class JournalStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def add(self, facts: Sequence[Heard]) -> None:
        rows = [_fact_row(order_id, fact) for fact in facts if (order_id := order_of(fact))]
        if facts:
            rows.append(_recent_row(facts))
        by_key = {(row["pk"], row["sk"]): row for row in rows}  # one call takes no key twice
        for some in _chunks(list(by_key.values())):
            self._write(some)

    def story(self, order_id: str) -> list[Heard]:
        rows = dynamo.query(self._table, f"ORDER#{order_id}", ConsistentRead=True)
        return sorted(map(_fact, rows), key=attrgetter("time", "id"))

    def recent(self, limit: int, room: str | None) -> list[News]:
        """The newest facts, of all rooms or of one, newest first."""
        this_moment = int(now().timestamp())
        found = {
            each.id: each
            for row in dynamo.query(self._table, RECENT)
            if row["expires_at"] > this_moment  # DynamoDB deletes days late
            for each in msgspec.json.decode(row["facts"], type=list[News])
            if room in (None, each.room)
        }
        return sorted(found.values(), key=attrgetter("at", "id"), reverse=True)[:limit]

    def _write(self, rows: Iterable[Row]) -> None:
        """All of them; writes again what one call had no capacity for."""
        requests: list[Item] = [{"PutRequest": {"Item": to_item(row)}} for row in rows]
        for _ in tries():
            answer: Any = aws.dynamodb().batch_write_item(
                RequestItems={self._table: requests}  # type: ignore[dict-item]  # plain dicts
            )
            requests = answer["UnprocessedItems"].get(self._table, [])
            if not requests:
                return


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), PER_WRITE):
        yield rows[start : start + PER_WRITE]


def _fact_row(order_id: str, fact: Heard) -> Row:
    return {
        "pk": f"ORDER#{order_id}",
        "sk": f"FACT#{fact.id}",
        "name": fact.name,
        "source": fact.source,
        "id": fact.id,
        "time": fact.time,
        "correlation_id": fact.correlation_id,
        "causation_id": fact.causation_id,
        "data": msgspec.json.encode(abridged(fact.data)).decode(),
    }


def _fact(row: Row) -> Heard:
    return msgspec.convert({**row, "data": msgspec.json.decode(row["data"])}, Heard)


def _recent_row(facts: Iterable[Heard]) -> Row:
    newest = sorted(facts, key=attrgetter("time", "id"))[-NEWEST:]
    return {
        "pk": RECENT,
        "sk": f"{crc32(newest[-1].id.encode()) % SLOTS:02}",
        "facts": msgspec.json.encode([news(fact) for fact in newest]).decode(),
        "expires_at": int((now() + FRESH).timestamp()),
    }
