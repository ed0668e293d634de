"""Orders in DynamoDB.

    pk             sk          what
    ORDER#<id>     HEAD        the order without its lines; in index `by_owner`
    ORDER#<id>     LINES       its lines, never changed: a change of state rewrites the head only
    OUTBOX#<n>     <fact id>   facts on their way to the bus

Index `by_owner` (owner, order_id) sorts by time, since ids do.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import InvalidQuery, NotFound
from souk.kernel.facts import Fact
from souk.kernel.items import from_item, to_item
from souk.kernel.money import Money
from souk.ordering.domain import Change, Line, Order, Status, Summary

_CURSOR = re.compile(r"[0-9a-f-]{36}")


class Page(NamedTuple):
    orders: list[Summary]
    next: str | None


class OrderStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, order_id: str) -> Order:
        rows = {
            row["sk"]: row
            for row in dynamo.query(self._table, f"ORDER#{order_id}", ConsistentRead=True)
        }
        if not {"HEAD", "LINES"} <= rows.keys():  # a reader may see a transaction half done
            raise NotFound(f"there is no order {order_id}")
        return _order(rows["HEAD"], rows["LINES"])

    def add(self, order: Order, fact: Fact) -> None:
        head = {
            "TableName": self._table,
            "Item": to_item(_head_row(order)),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        lines = {"TableName": self._table, "Item": to_item(_lines_row(order))}
        try:
            dynamo.transact([{"Put": head}, {"Put": lines}, *outbox.puts(self._table, fact)])
        except ConditionFailed:
            return  # heard before: the order stands, and so does what was said of it

    def page(self, owner: str, limit: int, cursor: str | None) -> Page:
        """The owner's orders, newest first."""
        start = {} if cursor is None else {"ExclusiveStartKey": _start(cursor, owner)}
        answer = aws.dynamodb().query(
            TableName=self._table,
            IndexName="by_owner",
            KeyConditionExpression="#owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues=to_item({":owner": owner}),
            ScanIndexForward=False,
            Limit=limit + 1,  # one more tells whether another page follows
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        orders = [_summary(from_item(item)) for item in answer["Items"]]
        more = len(orders) > limit
        return Page(orders[:limit], orders[limit - 1].order_id if more else None)


def _start(cursor: str, owner: str) -> dict[str, Any]:
    """A cursor names a place among the owner's own orders, whoever sends it."""
    if not _CURSOR.fullmatch(cursor):
        raise InvalidQuery.field("/cursor", "this cursor is none of ours; start without one")
    return to_item({"pk": f"ORDER#{cursor}", "sk": "HEAD", "owner": owner, "order_id": cursor})


def _head_row(order: Order) -> dict[str, Any]:
    return {
        "pk": f"ORDER#{order.order_id}",
        "sk": "HEAD",
        "order_id": order.order_id,
        "owner": order.owner,
        "contact_id": order.contact_id,
        "status": order.status.value,
        "history": [{"status": step.status.value, "at": step.at} for step in order.history],
        "line_count": len(order.lines),
        "subtotal": order.subtotal.amount,
        "shipping_option": order.shipping_option,
        "shipping": order.shipping.amount,
        "total": order.total.amount,
        "currency": order.total.currency,
        "payment_token": order.payment_token,
        "placed_at": order.placed_at,
        "version": 1,
    }


def _lines_row(order: Order) -> dict[str, Any]:
    return {
        "pk": f"ORDER#{order.order_id}",
        "sk": "LINES",
        "lines": [
            {
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": line.unit_price.amount,
            }
            for line in order.lines
        ],
    }


def _order(head: dict[str, Any], lines: dict[str, Any]) -> Order:
    currency = head["currency"]
    return Order(
        order_id=head["order_id"],
        owner=head["owner"],
        contact_id=head["contact_id"],
        lines=[
            Line(**{**line, "unit_price": Money(line["unit_price"], currency)})
            for line in lines["lines"]
        ],
        shipping_option=head["shipping_option"],
        shipping=Money(head["shipping"], currency),
        total=Money(head["total"], currency),
        payment_token=head["payment_token"],
        history=[Change(status=Status(step["status"]), at=step["at"]) for step in head["history"]],
    )


def _summary(row: dict[str, Any]) -> Summary:
    return Summary(
        order_id=row["order_id"],
        owner=row["owner"],
        status=Status(row["status"]),
        subtotal=Money(row["subtotal"], row["currency"]),
        total=Money(row["total"], row["currency"]),
        line_count=row["line_count"],
        placed_at=row["placed_at"],
    )
