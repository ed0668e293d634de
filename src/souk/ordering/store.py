"""Orders in DynamoDB.

    pk             sk          what
    ORDER#<id>     HEAD        the order without its lines; in the indexes `by_owner` and
                               `by_status`, and while it is undecided in index `by_open`
    ORDER#<id>     LINES       its lines, never changed: a change of state rewrites the head only
    OUTBOX#<n>     <fact id>   facts on their way to the bus

What is sent back has rows of its own, see return_store.py.

Index `by_owner` (owner, order_id) sorts by time, since ids do; so do index `by_status` (status,
order_id), which staff read and count, and index `by_open` (undecided, order_id), which the
reconciler reads.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import InvalidQuery, NotFound
from souk.kernel.facts import Fact
from souk.kernel.ids import id_before
from souk.kernel.items import from_item, to_item
from souk.kernel.money import Money
from souk.ordering.domain import (
    Change,
    Line,
    Order,
    OrderMoved,
    Parcel,
    Rejection,
    Standing,
    Status,
    Summary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

UNDECIDED = "undecided"
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

    def standing(self, order_id: str) -> Standing:
        row = dynamo.get(self._table, f"ORDER#{order_id}", "HEAD")
        if row is None:
            raise NotFound(f"there is no order {order_id}")
        return _standing(row)

    def save(self, after: Standing, fact: Fact | None) -> None:
        status = after.status
        changed = {
            "status": status.value,
            "history": _history(after.history),
            "version": after.version,
            "run": after.run,
            "rejection": _rejection_row(after.rejection) if after.rejection else None,
            "cancel_asked_at": after.cancel_asked_at,
            "cancel_reason": after.cancel_reason,
            "parcel": msgspec.structs.asdict(after.parcel) if after.parcel else None,
            "delivered_at": after.delivered_at,
        }
        changed = {name: value for name, value in changed.items() if value is not None}
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in changed)
        names = {f"#{name}": name for name in changed}
        if not status.is_open:
            update, names = f"{update} REMOVE #open", names | {"#open": UNDECIDED}
        head = {
            "TableName": self._table,
            "Key": dynamo.key(f"ORDER#{after.order_id}", "HEAD"),
            "ConditionExpression": "#version = :before",
            "UpdateExpression": update,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_item(
                {f":{name}": value for name, value in changed.items()}
                | {":before": after.version - 1}
            ),
        }
        facts = [] if fact is None else outbox.puts(self._table, fact)
        try:
            dynamo.transact([{"Update": head}, *facts])
        except ConditionFailed as error:
            raise OrderMoved from error

    def left_open(self, before: str) -> Iterator[str]:
        rows = dynamo.query(
            self._table,
            UNDECIDED,
            IndexName="by_open",
            KeyConditionExpression="#open = :pk AND order_id < :before",
            ExpressionAttributeNames={"#open": UNDECIDED},
            ExpressionAttributeValues=to_item({":pk": UNDECIDED, ":before": before}),
        )
        return (row["order_id"] for row in rows)

    def page(self, owner: str, limit: int, cursor: str | None) -> Page:
        """The owner's orders, newest first."""
        return self._page("owner", owner, limit, cursor)

    def page_of(self, status: Status, limit: int, cursor: str | None) -> Page:
        """All orders that stand so, newest first."""
        return self._page("status", status.value, limit, cursor)

    def of_day(self, day: date) -> list[Summary]:
        """All orders whose ids were made on that day (UTC).

        States are read in the order in which an order goes through them. One that goes on
        meanwhile is seen twice, not missed, and counts as it was seen last.
        """
        start = datetime.combine(day, time.min, UTC)
        ends = {":from": id_before(start), ":to": id_before(start + timedelta(days=1))}
        found = {
            row["order_id"]: _summary(row)
            for status in Status
            for row in dynamo.query(
                self._table,
                status.value,
                IndexName="by_status",
                KeyConditionExpression="#status = :pk AND order_id BETWEEN :from AND :to",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_item({":pk": status.value, **ends}),
            )
        }
        return list(found.values())

    def _page(self, attribute: str, value: str, limit: int, cursor: str | None) -> Page:
        start = {} if cursor is None else {"ExclusiveStartKey": _start(cursor, attribute, value)}
        answer = aws.dynamodb().query(
            TableName=self._table,
            IndexName=f"by_{attribute}",
            KeyConditionExpression="#attribute = :value",
            ExpressionAttributeNames={"#attribute": attribute},
            ExpressionAttributeValues=to_item({":value": value}),
            ScanIndexForward=False,
            Limit=limit + 1,  # one more tells whether another page follows
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        orders = [_summary(from_item(item)) for item in answer["Items"]]
        more = len(orders) > limit
        return Page(orders[:limit], orders[limit - 1].order_id if more else None)


def _start(cursor: str, attribute: str, value: str) -> dict[str, Any]:
    """A cursor names a place in the list that is asked for, whoever sends it."""
    if not _CURSOR.fullmatch(cursor):
        raise InvalidQuery.field("/cursor", "this cursor is none of ours; start without one")
    return to_item({"pk": f"ORDER#{cursor}", "sk": "HEAD", attribute: value, "order_id": cursor})


def _head_row(order: Order) -> dict[str, Any]:
    return {
        "pk": f"ORDER#{order.order_id}",
        "sk": "HEAD",
        "order_id": order.order_id,
        "owner": order.owner,
        "contact_id": order.contact_id,
        "status": order.status.value,
        "history": _history(order.history),
        UNDECIDED: UNDECIDED if order.status.is_open else None,
        "line_count": len(order.lines),
        "subtotal": order.subtotal.amount,
        "shipping_option": order.shipping_option,
        "shipping": order.shipping.amount,
        "total": order.total.amount,
        "currency": order.total.currency,
        "payment_token": order.payment_token,
        "journey": order.journey,
        "placed_at": order.placed_at,
        "version": 1,
        "run": 0,
    }


def _history(steps: list[Change]) -> list[dict[str, str]]:
    return [{"status": step.status.value, "at": step.at} for step in steps]


def _rejection_row(rejection: Rejection) -> dict[str, Any]:
    return {"reason": rejection.reason, "detail": rejection.detail, "skus": rejection.skus}


def _rejection(row: dict[str, Any]) -> Rejection | None:
    return Rejection(**row["rejection"]) if "rejection" in row else None


def _parcel(row: dict[str, Any]) -> Parcel | None:
    return Parcel(**row["parcel"]) if "parcel" in row else None


def _changes(row: dict[str, Any]) -> list[Change]:
    return [Change(status=Status(step["status"]), at=step["at"]) for step in row["history"]]


def _standing(row: dict[str, Any]) -> Standing:
    return Standing(
        order_id=row["order_id"],
        owner=row["owner"],
        contact_id=row["contact_id"],
        total=Money(row["total"], row["currency"]),
        history=_changes(row),
        rejection=_rejection(row),
        journey=row["journey"],
        version=row["version"],
        run=row["run"],
        cancel_asked_at=row.get("cancel_asked_at"),
        cancel_reason=row.get("cancel_reason"),
        parcel=_parcel(row),
        delivered_at=row.get("delivered_at"),
    )


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
        journey=head["journey"],
        history=_changes(head),
        rejection=_rejection(head),
        cancel_asked_at=head.get("cancel_asked_at"),
        cancel_reason=head.get("cancel_reason"),
        parcel=_parcel(head),
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
        rejection=_rejection(row),
    )
