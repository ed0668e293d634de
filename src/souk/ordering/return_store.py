"""Returns in DynamoDB, in ordering's table.

    pk             sk        what
    ORDER#<id>     RETURNS   the book of the order's returns: what was asked for under which key,
                             pieces on their way back by SKU, how many came back
    RETURN#<id>    RETURN    one return; until it is refused or refunded in index `by_return`

Whoever asks, accepts or refuses writes the book too, on the version that was read. Index
`by_return` (awaits, return_id) lists by what is awaited: `requested` a verdict, `accepted` the
refund.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import InvalidQuery
from souk.kernel.items import from_item, to_item
from souk.ordering.returns import Book, Return, ReturnsMoved, Status, Summary

if TYPE_CHECKING:
    from souk.kernel.facts import Fact

AWAITED = (Status.REQUESTED, Status.ACCEPTED)
_CURSOR = re.compile(r"[0-9a-f-]{36}")


class Page(NamedTuple):
    returns: list[Summary]
    next: str | None


class ReturnStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def book(self, order_id: str) -> Book:
        row = dynamo.get(self._table, *_book_key(order_id))
        return msgspec.convert(row, Book) if row else Book(order_id=order_id)

    def find(self, return_id: str) -> Return | None:
        row = dynamo.get(self._table, *_key(return_id))
        return _return(row) if row else None

    def of(self, book: Book) -> list[Return]:
        return self._many(sorted(asked.return_id for asked in book.asked.values()))

    def save(self, after: Return, book: Book | None = None, fact: Fact | None = None) -> None:
        pk, sk = _key(after.return_id)
        rows = [({"pk": pk, "sk": sk, **_row(after)}, after.version)]
        if book is not None:
            pk, sk = _book_key(book.order_id)
            rows.append(({"pk": pk, "sk": sk, **msgspec.to_builtins(book)}, book.version))
        puts = [self._put(row, version) for row, version in rows]
        facts = [] if fact is None else outbox.puts(self._table, fact)
        try:
            dynamo.transact([*puts, *facts])
        except ConditionFailed as error:
            raise ReturnsMoved from error

    def page(self, awaits: Status, limit: int, cursor: str | None) -> Page:
        """The returns that await the same, oldest first."""
        start = {} if cursor is None else {"ExclusiveStartKey": _start(cursor, awaits)}
        answer = aws.dynamodb().query(
            TableName=self._table,
            IndexName="by_return",
            KeyConditionExpression="awaits = :awaits",
            ExpressionAttributeValues=to_item({":awaits": awaits.value}),
            Limit=limit + 1,  # one more tells whether another page follows
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        found = [_summary(from_item(item)) for item in answer["Items"]]
        more = len(found) > limit
        return Page(found[:limit], found[limit - 1].return_id if more else None)

    def _many(self, return_ids: list[str]) -> list[Return]:
        keys = [_key(each) for each in return_ids]
        rows = dynamo.get_many(self._table, keys)
        return [_return(rows[key]) for key in keys if key in rows]

    def _put(self, row: dict[str, Any], version: int) -> dict[str, Any]:
        """On the version before; the first one only where there is none."""
        seen: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if version > 1:
            seen = {
                "ConditionExpression": "version = :before",
                "ExpressionAttributeValues": to_item({":before": version - 1}),
            }
        return {"Put": {"TableName": self._table, "Item": to_item(row), **seen}}


def _key(return_id: str) -> tuple[str, str]:
    return f"RETURN#{return_id}", "RETURN"


def _book_key(order_id: str) -> tuple[str, str]:
    return f"ORDER#{order_id}", "RETURNS"


def _start(cursor: str, awaits: Status) -> dict[str, Any]:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidQuery.field("/cursor", "this cursor is none of ours; start without one")
    pk, sk = _key(cursor)
    return to_item({"pk": pk, "sk": sk, "awaits": awaits.value, "return_id": cursor})


def _row(back: Return) -> dict[str, Any]:
    row = msgspec.to_builtins(back)
    row["state"] = row.pop("status")  # of what has a `status` orders make an index of their own
    awaits = row["state"] if back.status in AWAITED else None
    return {**row, "pieces": back.pieces, "awaits": awaits}


def _return(row: dict[str, Any]) -> Return:
    return msgspec.convert({**row, "status": row["state"]}, Return)


def _summary(row: dict[str, Any]) -> Summary:
    return msgspec.convert({**row, "status": row["awaits"]}, Summary)
