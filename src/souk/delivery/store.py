"""Shipping options and shipments in DynamoDB.

    pk                              sk          what
    OPTIONS                         <option>    a shipping option with its rates
    SHIPMENT#<order>                SHIPMENT    the order's shipment, or the mark that there shall
                                                be none; unfinished ones in index `by_worklist`
    LABEL#<carrier>#<number>        LABEL       whose parcel bears it
    OUTBOX#<n>                      <fact id>   facts on their way to the bus

Index `by_worklist` (worklist, order_id) holds the keys of what somebody still has to see to,
oldest order first; what is delivered or cancelled leaves it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from souk.delivery.domain import UNFINISHED, Label, NumberTaken, Shipment, ShipmentMoved, State
from souk.delivery.events import ShippingRate
from souk.delivery.shipping import Option, OptionTaken
from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ChangedMeanwhile, InvalidQuery, NotFound
from souk.kernel.items import from_item, to_item
from souk.kernel.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souk.kernel.facts import Fact

OPTIONS = "OPTIONS"
UNHEARD_OF = {"ConditionExpression": "attribute_not_exists(pk)"}
_CURSOR = re.compile(r"[0-9a-f-]{36}")

Row = dict[str, Any]


class Page(NamedTuple):
    shipments: list[Shipment]
    next: str | None


class OptionStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, option: str) -> Option:
        row = dynamo.get(self._table, OPTIONS, option)
        if row is None:
            raise NotFound(f"there is no shipping option {option}")
        return _option(row)

    def all(self) -> list[Option]:
        """By id; a shop has a handful."""
        return [_option(row) for row in dynamo.query(self._table, OPTIONS)]

    def add(self, option: Option, fact: Fact) -> None:
        try:
            self._write(option, UNHEARD_OF, fact)
        except ConditionFailed as error:
            raise OptionTaken(f"there is an option {option.option}") from error

    def save(self, after: Option, fact: Fact) -> None:
        try:
            self._write(after, _follows(after.version), fact)
        except ConditionFailed as error:
            raise ChangedMeanwhile(
                f"{after.option} was changed meanwhile; read it again"
            ) from error

    def _write(self, option: Option, condition: Row, fact: Fact) -> None:
        put = {"TableName": self._table, "Item": to_item(_option_row(option)), **condition}
        dynamo.transact([{"Put": put}, *outbox.puts(self._table, fact)])


class ShipmentStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, order_id: str) -> Shipment | None:
        row = dynamo.get(self._table, *_key(order_id))
        return _shipment(row) if row else None

    def order_of(self, label: Label) -> str | None:
        row = dynamo.get(self._table, *_label_key(label))
        return row["order_id"] if row else None

    def save(self, after: Shipment, fact: Fact | None) -> None:
        condition = UNHEARD_OF if after.version == 1 else _follows(after.version)
        put = {"TableName": self._table, "Item": to_item(_shipment_row(after)), **condition}
        facts = [] if fact is None else outbox.puts(self._table, fact)
        try:
            dynamo.transact([{"Put": put}, *self._claim(after), *facts])
        except ConditionFailed as error:
            if 0 in error.failed:
                raise ShipmentMoved(after.order_id) from error
            raise NumberTaken("this tracking number is another parcel's") from error

    def page(self, state: State, limit: int, cursor: str | None) -> Page:
        """Unfinished shipments that stand so, oldest first."""
        start = {} if cursor is None else {"ExclusiveStartKey": _start(cursor, state)}
        answer = aws.dynamodb().query(
            TableName=self._table,
            IndexName="by_worklist",
            KeyConditionExpression="worklist = :state",
            ExpressionAttributeValues=to_item({":state": state.value}),
            Limit=limit + 1,  # one more tells whether another page follows
            **start,  # type: ignore[arg-type]  # plain dicts
        )
        ids = [from_item(item)["order_id"] for item in answer["Items"]]
        rows = dynamo.get_many(self._table, [_key(order_id) for order_id in ids[:limit]])
        shipments = [_shipment(rows[_key(order_id)]) for order_id in ids[:limit]]
        return Page(shipments, ids[limit - 1] if len(ids) > limit else None)

    def dispatching(self) -> Iterator[str]:
        """Orders whose shipment waits for payment's word, oldest first."""
        rows = dynamo.query(
            self._table,
            State.DISPATCHING.value,
            IndexName="by_worklist",
            KeyConditionExpression="worklist = :pk",
        )
        return (row["order_id"] for row in rows)

    def _claim(self, shipment: Shipment) -> list[Row]:
        """A number is of one parcel for good: carriers' notices are told apart by it."""
        if shipment.state is not State.DISPATCHING or shipment.label is None:
            return []
        pk, sk = _label_key(shipment.label)
        return [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": to_item({"pk": pk, "sk": sk, "order_id": shipment.order_id}),
                    "ConditionExpression": "attribute_not_exists(pk) OR order_id = :ours",
                    "ExpressionAttributeValues": to_item({":ours": shipment.order_id}),
                }
            }
        ]


def _follows(version: int) -> Row:
    return {
        "ConditionExpression": "version = :before",
        "ExpressionAttributeValues": to_item({":before": version - 1}),
    }


def _key(order_id: str) -> tuple[str, str]:
    return f"SHIPMENT#{order_id}", "SHIPMENT"


def _label_key(label: Label) -> tuple[str, str]:
    return f"LABEL#{label.carrier}#{label.tracking_number}", "LABEL"


def _start(cursor: str, state: State) -> dict[str, Any]:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidQuery.field("/cursor", "this cursor is none of ours; start without one")
    pk, sk = _key(cursor)
    return to_item({"pk": pk, "sk": sk, "worklist": state.value, "order_id": cursor})


def _shipment_row(shipment: Shipment) -> Row:
    pk, sk = _key(shipment.order_id)
    label = shipment.label
    return {
        "pk": pk,
        "sk": sk,
        **msgspec.structs.asdict(shipment),
        "state": shipment.state.value,
        "label": msgspec.structs.asdict(label) if label else None,
        "worklist": shipment.state.value if shipment.state in UNFINISHED else None,
    }


def _shipment(row: Row) -> Shipment:
    known = {name: row[name] for name in Shipment.__struct_fields__ if name in row}
    known["state"] = State(row["state"])
    if "label" in row:
        known["label"] = Label(**row["label"])
    return Shipment(**known)


def _option_row(option: Option) -> Row:
    return {
        "pk": OPTIONS,
        "sk": option.option,
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


def _option(row: Row) -> Option:
    return Option(
        option=row["sk"],
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
