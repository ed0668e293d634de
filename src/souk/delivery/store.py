"""Shipping options and shipments in DynamoDB.

    pk                              sk           row
    OPTIONS                         <option id>  a shipping option with its rates
    SHIPMENT#<order id>             SHIPMENT     the order's shipment or tombstone; open ones are
                                                 in index `by_worklist`
    LABEL#<carrier>#<number>        LABEL        the order whose parcel has this label
    OUTBOX#<n>                      <event id>   an event to be published

Index `by_worklist` (worklist, order_id) contains the keys of open shipments by status, oldest
order first. `worklist` is absent from delivered and cancelled shipments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from souk.delivery.domain import (
    OPEN_STATUSES,
    Label,
    Shipment,
    ShipmentStatus,
    TrackingNumberInUse,
)
from souk.delivery.events import ShippingRate
from souk.delivery.shipping import ShippingOption, ShippingOptionExists
from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ConcurrentUpdate, InvalidQuery, NotFound, PreconditionFailed
from souk.kernel.items import from_item, to_item
from souk.kernel.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souk.kernel.events import Event

OPTIONS = "OPTIONS"
IF_NEW = {"ConditionExpression": "attribute_not_exists(pk)"}
_CURSOR = re.compile(r"[0-9a-f-]{36}")

Row = dict[str, Any]


class Page(NamedTuple):
    """`next` is the cursor of the following page; None on the last page."""

    shipments: list[Shipment]
    next: str | None


class ShippingOptionStore:
    """Implements the protocol `ShippingOptions`, which documents its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, option_id: str) -> ShippingOption:
        row = dynamo.get(self._table, OPTIONS, option_id)
        if row is None:
            raise NotFound(f"There is no shipping option {option_id}.")
        return _to_option(row)

    def all(self) -> list[ShippingOption]:
        """All options by id. Not paged: a shop has a handful."""
        return [_to_option(row) for row in dynamo.query(self._table, OPTIONS)]

    def add(self, option: ShippingOption, event: Event) -> None:
        try:
            self._write(option, IF_NEW, event)
        except ConditionFailed as error:
            raise ShippingOptionExists(
                f"Shipping option {option.id} already exists. Choose another id."
            ) from error

    def save(self, after: ShippingOption, event: Event) -> None:
        try:
            self._write(after, _if_previous_version(after.version), event)
        except ConditionFailed as error:
            raise PreconditionFailed(
                f"Shipping option {after.id} was changed in the meantime. Read it again."
            ) from error

    def _write(self, option: ShippingOption, condition: Row, event: Event) -> None:
        put = {"TableName": self._table, "Item": to_item(_option_row(option)), **condition}
        dynamo.transact_write([{"Put": put}, *outbox.put_actions(self._table, event)])


class ShipmentStore:
    """Implements the protocol `Shipments`, which documents its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, order_id: str) -> Shipment | None:
        row = dynamo.get(self._table, *_key(order_id))
        return _to_shipment(row) if row else None

    def order_of(self, label: Label) -> str | None:
        row = dynamo.get(self._table, *_label_key(label))
        return row["order_id"] if row else None

    def save(self, after: Shipment, event: Event | None) -> None:
        condition = IF_NEW if after.version == 1 else _if_previous_version(after.version)
        put = {"TableName": self._table, "Item": to_item(_shipment_row(after)), **condition}
        events = [] if event is None else outbox.put_actions(self._table, event)
        try:
            dynamo.transact_write([{"Put": put}, *self._label_actions(after), *events])
        except ConditionFailed as error:
            if 0 in error.failed:
                raise ConcurrentUpdate(after.order_id) from error
            raise TrackingNumberInUse(
                "Another parcel of this carrier has this tracking number. Use a different number."
            ) from error

    def page(self, status: ShipmentStatus, limit: int, cursor: str | None) -> Page:
        """Open shipments in `status`, oldest order first.

        Raises InvalidQuery for an invalid cursor, Busy.
        """
        start = {} if cursor is None else {"ExclusiveStartKey": _start_key(cursor, status)}
        response = aws.dynamodb().query(
            TableName=self._table,
            IndexName="by_worklist",
            KeyConditionExpression="worklist = :status",
            ExpressionAttributeValues=to_item({":status": status.value}),
            Limit=limit + 1,  # the extra row tells whether another page follows
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        ids = [from_item(item)["order_id"] for item in response["Items"]]
        rows = dynamo.batch_get(self._table, [_key(order_id) for order_id in ids[:limit]])
        shipments = [_to_shipment(rows[_key(order_id)]) for order_id in ids[:limit]]
        return Page(shipments, ids[limit - 1] if len(ids) > limit else None)

    def dispatching(self) -> Iterator[str]:
        """Order ids of the shipments in status `dispatching`, oldest order first."""
        rows = dynamo.query(
            self._table,
            ShipmentStatus.DISPATCHING.value,
            IndexName="by_worklist",
            KeyConditionExpression="worklist = :pk",
        )
        return (row["order_id"] for row in rows)

    def _label_actions(self, shipment: Shipment) -> list[Row]:
        """Reserves the label of a shipment that is being dispatched.

        A label belongs to one order for good: carriers' webhooks identify the parcel by it.
        """
        if shipment.status is not ShipmentStatus.DISPATCHING or shipment.label is None:
            return []
        pk, sk = _label_key(shipment.label)
        return [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": to_item({"pk": pk, "sk": sk, "order_id": shipment.order_id}),
                    "ConditionExpression": "attribute_not_exists(pk) OR order_id = :order_id",
                    "ExpressionAttributeValues": to_item({":order_id": shipment.order_id}),
                }
            }
        ]


def _if_previous_version(version: int) -> Row:
    """The condition that the stored row is the version before `version`."""
    return {
        "ConditionExpression": "version = :before",
        "ExpressionAttributeValues": to_item({":before": version - 1}),
    }


def _key(order_id: str) -> tuple[str, str]:
    return f"SHIPMENT#{order_id}", "SHIPMENT"


def _label_key(label: Label) -> tuple[str, str]:
    return f"LABEL#{label.carrier}#{label.tracking_number}", "LABEL"


def _start_key(cursor: str, status: ShipmentStatus) -> dict[str, Any]:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidQuery.field("/cursor", "The cursor is invalid. Start again without a cursor.")
    pk, sk = _key(cursor)
    return to_item({"pk": pk, "sk": sk, "worklist": status.value, "order_id": cursor})


def _shipment_row(shipment: Shipment) -> Row:
    pk, sk = _key(shipment.order_id)
    label = shipment.label
    return {
        "pk": pk,
        "sk": sk,
        **msgspec.structs.asdict(shipment),
        "status": shipment.status.value,
        "label": msgspec.structs.asdict(label) if label else None,
        "worklist": shipment.status.value if shipment.status in OPEN_STATUSES else None,
    }


def _to_shipment(row: Row) -> Shipment:
    fields = {name: row[name] for name in Shipment.__struct_fields__ if name in row}
    fields["status"] = ShipmentStatus(row["status"])
    if "label" in row:
        fields["label"] = Label(**row["label"])
    return Shipment(**fields)


def _option_row(option: ShippingOption) -> Row:
    return {
        "pk": OPTIONS,
        "sk": option.id,
        "name": option.name,
        "rates": [
            {
                "country": rate.country,
                "max_grams": rate.max_grams,
                "price": rate.price.amount,
                "currency": rate.price.currency,
            }
            for rate in option.rates
        ],
        "offered": option.offered,
        "version": option.version,
    }


def _to_option(row: Row) -> ShippingOption:
    return ShippingOption(
        id=row["sk"],
        name=row["name"],
        rates=[
            ShippingRate(
                country=rate["country"],
                max_grams=rate.get("max_grams"),
                price=Money(rate["price"], rate["currency"]),
            )
            for rate in row["rates"]
        ],
        offered=row["offered"],
        version=row["version"],
    )
