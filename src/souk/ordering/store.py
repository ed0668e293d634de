"""Orders in DynamoDB.

    pk             sk           what
    ORDER#<id>     HEAD         the order without its lines; in the indexes `by_owner` and
                                `by_status`, and while it is open in `by_open_checkout`
    ORDER#<id>     LINES        its lines, immutable: a status change rewrites the head only
    OUTBOX#<n>     <event id>   events to be published

return_store.py describes the rows of returns.

All indexes have the sort key `order_id`, and ids sort by creation time: `by_owner` lists a
customer's orders, `by_status` the orders that staff list and count, and `by_open_checkout` the
orders for the reconciler.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ConcurrentUpdate, InvalidQuery, NotFound
from souk.kernel.events import Event
from souk.kernel.ids import id_lower_bound
from souk.kernel.items import from_item, to_item
from souk.kernel.money import Money
from souk.ordering.domain import (
    Order,
    OrderHead,
    OrderLine,
    OrderStatus,
    OrderSummary,
    Parcel,
    Rejection,
    StatusChange,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN_CHECKOUT = "open_checkout"
"""Attribute of open orders only: it is the partition key of a sparse index."""

OPEN = "open"
_CURSOR = re.compile(r"[0-9a-f-]{36}")


class Page(NamedTuple):
    orders: list[OrderSummary]
    next: str | None


class OrderStore:
    """Implements the protocol `Orders`, which documents its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, order_id: str) -> Order:
        rows = {
            row["sk"]: row
            for row in dynamo.query(self._table, f"ORDER#{order_id}", ConsistentRead=True)
        }
        if not {"HEAD", "LINES"} <= rows.keys():  # a query may see half of a transaction
            raise NotFound(f"There is no order {order_id}.")
        return _to_order(rows["HEAD"], rows["LINES"])

    def add(self, order: Order, event: Event) -> None:
        head = {
            "TableName": self._table,
            "Item": to_item(_head_row(order)),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        lines = {"TableName": self._table, "Item": to_item(_lines_row(order))}
        try:
            dynamo.transact_write(
                [{"Put": head}, {"Put": lines}, *outbox.put_actions(self._table, event)]
            )
        except ConditionFailed:
            return  # the order was stored before, with its event

    def get_head(self, order_id: str) -> OrderHead:
        row = dynamo.get(self._table, f"ORDER#{order_id}", "HEAD")
        if row is None:
            raise NotFound(f"There is no order {order_id}.")
        return _to_head(row)

    def save(self, head: OrderHead, event: Event | None) -> None:
        update = {
            "TableName": self._table,
            "Key": dynamo.key(f"ORDER#{head.order_id}", "HEAD"),
            "ConditionExpression": "#version = :expected_version",
            **_update_expression(head),
        }
        events = [] if event is None else outbox.put_actions(self._table, event)
        try:
            dynamo.transact_write([{"Update": update}, *events])
        except ConditionFailed as error:
            raise ConcurrentUpdate from error

    def list_open(self, before: str) -> Iterator[str]:
        rows = dynamo.query(
            self._table,
            OPEN,
            IndexName="by_open_checkout",
            KeyConditionExpression="#open_checkout = :pk AND order_id < :before",
            ExpressionAttributeNames={"#open_checkout": OPEN_CHECKOUT},
            ExpressionAttributeValues=to_item({":pk": OPEN, ":before": before}),
        )
        return (row["order_id"] for row in rows)

    def list_by_owner(self, owner: str, limit: int, cursor: str | None) -> Page:
        """The owner's orders, newest first. Raises InvalidQuery for an invalid cursor."""
        return self._list("owner", owner, limit, cursor)

    def list_by_status(self, status: OrderStatus, limit: int, cursor: str | None) -> Page:
        """All orders with this status, newest first. Raises InvalidQuery for an invalid cursor."""
        return self._list("status", status.value, limit, cursor)

    def list_by_day(self, day: date) -> list[OrderSummary]:
        """All orders whose ids were created on that day (UTC).

        Statuses are read in the order of OrderStatus: an order that changes its status meanwhile
        is read twice rather than missed, and its last status counts.
        """
        start = datetime.combine(day, time.min, UTC)
        bounds = {":from": id_lower_bound(start), ":to": id_lower_bound(start + timedelta(days=1))}
        by_id = {
            row["order_id"]: _to_summary(row)
            for status in OrderStatus
            for row in dynamo.query(
                self._table,
                status.value,
                IndexName="by_status",
                KeyConditionExpression="#status = :pk AND order_id BETWEEN :from AND :to",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_item({":pk": status.value, **bounds}),
            )
        }
        return list(by_id.values())

    def _list(self, attribute: str, value: str, limit: int, cursor: str | None) -> Page:
        start = {}
        if cursor is not None:
            start = {"ExclusiveStartKey": _start_key(cursor, attribute, value)}
        response = aws.dynamodb().query(
            TableName=self._table,
            IndexName=f"by_{attribute}",
            KeyConditionExpression="#attribute = :value",
            ExpressionAttributeNames={"#attribute": attribute},
            ExpressionAttributeValues=to_item({":value": value}),
            ScanIndexForward=False,
            Limit=limit + 1,  # one more shows whether there is a next page
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        orders = [_to_summary(from_item(item)) for item in response["Items"]]
        has_next = len(orders) > limit
        return Page(orders[:limit], orders[limit - 1].order_id if has_next else None)


def _start_key(cursor: str, attribute: str, value: str) -> dict[str, Any]:
    """A cursor is a position in the requested list only: a foreign order id reveals nothing."""
    if not _CURSOR.fullmatch(cursor):
        raise InvalidQuery.field("/cursor", "The cursor is not valid. Start without a cursor.")
    return to_item({"pk": f"ORDER#{cursor}", "sk": "HEAD", attribute: value, "order_id": cursor})


def _update_expression(head: OrderHead) -> dict[str, Any]:
    """Sets the mutable attributes and removes those that are None.

    There is always one to remove: an open order has no parcel, any other leaves `by_open_checkout`.
    """
    attributes = {
        "status": head.status.value,
        "history": _history_rows(head.history),
        OPEN_CHECKOUT: OPEN if head.status.is_open else None,
        "version": head.version,
        "execution_number": head.execution_number,
        "rejection": _rejection_row(head.rejection) if head.rejection else None,
        "cancellation_requested_at": head.cancellation_requested_at,
        "cancellation_reason": head.cancellation_reason,
        "parcel": msgspec.structs.asdict(head.parcel) if head.parcel else None,
        "early_delivery_at": head.early_delivery_at,
    }
    values = {f":{name}": value for name, value in attributes.items() if value is not None}
    updates = [f"#{name} = :{name}" for name, value in attributes.items() if value is not None]
    removals = [f"#{name}" for name, value in attributes.items() if value is None]
    return {
        "UpdateExpression": f"SET {', '.join(updates)} REMOVE {', '.join(removals)}",
        "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
        "ExpressionAttributeValues": to_item({**values, ":expected_version": head.version - 1}),
    }


def _head_row(order: Order) -> dict[str, Any]:
    return {
        "pk": f"ORDER#{order.order_id}",
        "sk": "HEAD",
        "order_id": order.order_id,
        "owner": order.owner,
        "contact_id": order.contact_id,
        "status": order.status.value,
        "history": _history_rows(order.history),
        OPEN_CHECKOUT: OPEN if order.status.is_open else None,
        "line_count": len(order.lines),
        "subtotal": order.subtotal.amount,
        "shipping_option": order.shipping_option,
        "shipping": order.shipping.amount,
        "total": order.total.amount,
        "currency": order.total.currency,
        "payment_token": order.payment_token,
        "correlation_id": order.correlation_id,
        "placed_at": order.placed_at,
        "version": 1,
        "execution_number": 0,
    }


def _history_rows(history: list[StatusChange]) -> list[dict[str, str]]:
    return [{"status": change.status.value, "at": change.at} for change in history]


def _rejection_row(rejection: Rejection) -> dict[str, Any]:
    return {"reason": rejection.reason, "detail": rejection.detail, "skus": rejection.skus}


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


def _to_history(row: dict[str, Any]) -> list[StatusChange]:
    return [
        StatusChange(status=OrderStatus(change["status"]), at=change["at"])
        for change in row["history"]
    ]


def _to_rejection(row: dict[str, Any]) -> Rejection | None:
    return Rejection(**row["rejection"]) if "rejection" in row else None


def _to_parcel(row: dict[str, Any]) -> Parcel | None:
    return Parcel(**row["parcel"]) if "parcel" in row else None


def _to_head(row: dict[str, Any]) -> OrderHead:
    return OrderHead(
        order_id=row["order_id"],
        owner=row["owner"],
        contact_id=row["contact_id"],
        total=Money(row["total"], row["currency"]),
        history=_to_history(row),
        rejection=_to_rejection(row),
        correlation_id=row["correlation_id"],
        version=row["version"],
        execution_number=row["execution_number"],
        cancellation_requested_at=row.get("cancellation_requested_at"),
        cancellation_reason=row.get("cancellation_reason"),
        parcel=_to_parcel(row),
        early_delivery_at=row.get("early_delivery_at"),
    )


def _to_order(head: dict[str, Any], lines: dict[str, Any]) -> Order:
    currency = head["currency"]
    return Order(
        order_id=head["order_id"],
        owner=head["owner"],
        contact_id=head["contact_id"],
        lines=[
            OrderLine(**{**line, "unit_price": Money(line["unit_price"], currency)})
            for line in lines["lines"]
        ],
        shipping_option=head["shipping_option"],
        shipping=Money(head["shipping"], currency),
        total=Money(head["total"], currency),
        payment_token=head["payment_token"],
        correlation_id=head["correlation_id"],
        history=_to_history(head),
        rejection=_to_rejection(head),
        cancellation_requested_at=head.get("cancellation_requested_at"),
        cancellation_reason=head.get("cancellation_reason"),
        parcel=_to_parcel(head),
    )


def _to_summary(row: dict[str, Any]) -> OrderSummary:
    return OrderSummary(
        order_id=row["order_id"],
        owner=row["owner"],
        status=OrderStatus(row["status"]),
        subtotal=Money(row["subtotal"], row["currency"]),
        total=Money(row["total"], row["currency"]),
        line_count=row["line_count"],
        placed_at=row["placed_at"],
        rejection=_to_rejection(row),
    )
