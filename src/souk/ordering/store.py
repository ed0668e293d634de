"""Orders in DynamoDB.

    pk             sk          what
    ORDER#<id>     HEAD        the order without its lines; in both indexes
    ORDER#<id>     LINES       its lines, never changed: a change of state changes the head only
    OUTBOX#<n>     <fact id>   facts on their way to the bus

Index `by_owner` (owner, order_id) sorts by time, since ids do. Index `open_orders` (open,
placed_at) has the orders that are neither confirmed nor rejected: `open` is there until then.
`run` counts the executions of the checkout workflow an order was given.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ChangedMeanwhile, InvalidQuery, NotFound
from souk.kernel.facts import Fact, current_cause
from souk.kernel.items import from_item, to_item
from souk.kernel.money import Money
from souk.ordering.domain import Change, Head, Line, Order, Rejection, Status, Summary, Unconcluded

if TYPE_CHECKING:
    from collections.abc import Iterator

_CURSOR = re.compile(r"[0-9a-f-]{36}")
OPEN = "OPEN"


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

    def head(self, order_id: str) -> Head:
        row = dynamo.get(self._table, f"ORDER#{order_id}", "HEAD")
        if row is None:
            raise NotFound(f"there is no order {order_id}")
        return Head(**_head(row))

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

    def save(self, changed: Head, *facts: Fact) -> None:
        """Write the order's newest state and what is said of it, or neither.

        No state comes twice, so an order still in the state before was not changed meanwhile.
        """
        sets: dict[str, Any] = {"status": changed.status.value, "history": _history(changed)}
        if changed.rejection:
            sets |= _rejection_columns(changed.rejection)
        update = {
            "TableName": self._table,
            "Key": dynamo.key(f"ORDER#{changed.order_id}", "HEAD"),
            "UpdateExpression": _assign(sets) + ("" if changed.is_open else " REMOVE #open"),
            "ConditionExpression": "#status = :before",
            "ExpressionAttributeNames": {f"#{name}": name for name in sets}
            | ({} if changed.is_open else {"#open": "open"}),
            "ExpressionAttributeValues": to_item(
                {f":{name}": value for name, value in sets.items()}
                | {":before": changed.history[-2].status.value}
            ),
        }
        try:
            dynamo.transact([{"Update": update}, *outbox.puts(self._table, *facts)])
        except ConditionFailed as error:
            raise ChangedMeanwhile(f"order {changed.order_id} was changed meanwhile") from error

    def open_orders(self, placed_before: str) -> Iterator[Unconcluded]:
        """Oldest first; one just concluded may still be among them."""
        rows = dynamo.query(
            self._table,
            OPEN,
            IndexName="open_orders",
            KeyConditionExpression="#open = :open AND placed_at < :before",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues=to_item({":open": OPEN, ":before": placed_before}),
        )
        for row in rows:
            yield Unconcluded(row["order_id"], row["run"], row["correlation_id"])

    def next_run(self, order: Unconcluded) -> Unconcluded | None:
        """Give the open order another run; None if somebody did, or it is concluded."""
        client = aws.dynamodb()
        try:
            client.update_item(
                TableName=self._table,
                Key=dynamo.key(f"ORDER#{order.order_id}", "HEAD"),
                UpdateExpression="SET #run = :next",
                ConditionExpression="#run = :seen AND attribute_exists(#open)",
                ExpressionAttributeNames={"#run": "run", "#open": "open"},
                ExpressionAttributeValues=to_item({":seen": order.run, ":next": order.run + 1}),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return None
        return order._replace(run=order.run + 1)

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
        "history": _history(order),
        "line_count": len(order.lines),
        "subtotal": order.subtotal.amount,
        "shipping_option": order.shipping_option,
        "shipping": order.shipping.amount,
        "total": order.total.amount,
        "currency": order.total.currency,
        "payment_token": order.payment_token,
        "placed_at": order.placed_at,
        "open": OPEN,
        "run": 1,
        "correlation_id": current_cause().correlation_id,
    }


def _history(order: Head) -> list[dict[str, str]]:
    return [{"status": step.status.value, "at": step.at} for step in order.history]


def _rejection_columns(why: Rejection) -> dict[str, Any]:
    found = {"reason": why.reason, "detail": why.detail, "skus": why.skus}
    return {name: value for name, value in found.items() if value}


def _assign(values: dict[str, Any]) -> str:
    return "SET " + ", ".join(f"#{name} = :{name}" for name in values)


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
    prices = head["currency"]
    return Order(
        lines=[
            Line(**{**line, "unit_price": Money(line["unit_price"], prices)})
            for line in lines["lines"]
        ],
        **_head(head),
    )


def _head(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of a `Head`, which an `Order` has too."""
    currency = row["currency"]
    return {
        "order_id": row["order_id"],
        "owner": row["owner"],
        "contact_id": row["contact_id"],
        "shipping_option": row["shipping_option"],
        "shipping": Money(row["shipping"], currency),
        "total": Money(row["total"], currency),
        "payment_token": row["payment_token"],
        "history": [
            Change(status=Status(step["status"]), at=step["at"]) for step in row["history"]
        ],
        "rejection": _rejection(row),
    }


def _rejection(row: dict[str, Any]) -> Rejection | None:
    if "reason" not in row:
        return None
    return Rejection(reason=row["reason"], detail=row.get("detail"), skus=row.get("skus", []))


def _summary(row: dict[str, Any]) -> Summary:
    return Summary(
        order_id=row["order_id"],
        owner=row["owner"],
        status=Status(row["status"]),
        subtotal=Money(row["subtotal"], row["currency"]),
        total=Money(row["total"], row["currency"]),
        line_count=row["line_count"],
        placed_at=row["placed_at"],
        reason=row.get("reason"),
    )
