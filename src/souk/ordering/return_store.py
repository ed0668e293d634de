"""Returns in DynamoDB, in ordering's table.

    pk             sk        what
    ORDER#<id>     RETURNS   all returns of the order: their ids by Idempotency-Key, the quantities
                             claimed by SKU, and the quantity accepted
    RETURN#<id>    RETURN    one return; in the index `by_open_return_status` until it is rejected
                             or refunded

Index `by_open_return_status` (open_return_status, return_id) lists, oldest first, the `requested`
returns, which staff have to decide, and the `accepted` ones, which payment has to refund.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ConcurrentUpdate, InvalidQuery
from souk.kernel.items import from_item, to_item
from souk.ordering.returns import OrderReturns, Return, ReturnStatus, ReturnSummary

if TYPE_CHECKING:
    from souk.kernel.events import Event

OPEN_STATUSES = (ReturnStatus.REQUESTED, ReturnStatus.ACCEPTED)
_CURSOR = re.compile(r"[0-9a-f-]{36}")


class Page(NamedTuple):
    returns: list[ReturnSummary]
    next: str | None


class ReturnStore:
    """Implements the protocol `Returns`, which documents its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get_order_returns(self, order_id: str) -> OrderReturns:
        row = dynamo.get(self._table, *_order_returns_key(order_id))
        return msgspec.convert(row, OrderReturns) if row else OrderReturns(order_id=order_id)

    def find(self, return_id: str) -> Return | None:
        row = dynamo.get(self._table, *_return_key(return_id))
        return _to_return(row) if row else None

    def list_for_order(self, order_returns: OrderReturns) -> list[Return]:
        records = order_returns.idempotency_records.values()
        keys = sorted(_return_key(record.return_id) for record in records)
        rows = dynamo.batch_get(self._table, keys)
        return [_to_return(rows[key]) for key in keys if key in rows]

    def save(
        self,
        return_: Return,
        order_returns: OrderReturns | None = None,
        event: Event | None = None,
    ) -> None:
        puts = [self._put_action(_return_row(return_), return_.version)]
        if order_returns is not None:
            puts.append(self._put_action(_order_returns_row(order_returns), order_returns.version))
        events = [] if event is None else outbox.put_actions(self._table, event)
        try:
            dynamo.transact_write([*puts, *events])
        except ConditionFailed as error:
            raise ConcurrentUpdate from error

    def list_open(self, status: ReturnStatus, limit: int, cursor: str | None) -> Page:
        """The open returns with this status, oldest first.

        Raises InvalidQuery for an invalid cursor.
        """
        start = {} if cursor is None else {"ExclusiveStartKey": _start_key(cursor, status)}
        response = aws.dynamodb().query(
            TableName=self._table,
            IndexName="by_open_return_status",
            KeyConditionExpression="open_return_status = :status",
            ExpressionAttributeValues=to_item({":status": status.value}),
            Limit=limit + 1,  # one more shows whether there is a next page
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        returns = [_to_summary(from_item(item)) for item in response["Items"]]
        has_next = len(returns) > limit
        return Page(returns[:limit], returns[limit - 1].return_id if has_next else None)

    def _put_action(self, row: dict[str, Any], version: int) -> dict[str, Any]:
        """A put on condition that the stored version is the one before, or no row exists."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if version > 1:
            condition = {
                "ConditionExpression": "version = :expected_version",
                "ExpressionAttributeValues": to_item({":expected_version": version - 1}),
            }
        return {"Put": {"TableName": self._table, "Item": to_item(row), **condition}}


def _return_key(return_id: str) -> tuple[str, str]:
    return f"RETURN#{return_id}", "RETURN"


def _order_returns_key(order_id: str) -> tuple[str, str]:
    return f"ORDER#{order_id}", "RETURNS"


def _start_key(cursor: str, status: ReturnStatus) -> dict[str, Any]:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidQuery.field("/cursor", "The cursor is not valid. Start without a cursor.")
    pk, sk = _return_key(cursor)
    return to_item({"pk": pk, "sk": sk, "open_return_status": status.value, "return_id": cursor})


def _return_row(return_: Return) -> dict[str, Any]:
    """A row with an attribute `status` would appear in the index of orders, `by_status`."""
    pk, sk = _return_key(return_.return_id)
    fields = msgspec.to_builtins(return_)
    status = fields.pop("status")
    return {
        "pk": pk,
        "sk": sk,
        **fields,
        "return_status": status,
        "open_return_status": status if return_.status in OPEN_STATUSES else None,
        "quantity": return_.quantity,
    }


def _order_returns_row(order_returns: OrderReturns) -> dict[str, Any]:
    pk, sk = _order_returns_key(order_returns.order_id)
    return {"pk": pk, "sk": sk, **msgspec.to_builtins(order_returns)}


def _to_return(row: dict[str, Any]) -> Return:
    return msgspec.convert({**row, "status": row["return_status"]}, Return)


def _to_summary(row: dict[str, Any]) -> ReturnSummary:
    return msgspec.convert({**row, "status": row["open_return_status"]}, ReturnSummary)
