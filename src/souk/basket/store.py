"""Baskets in DynamoDB.

    pk               sk               contents
    OWNER#<owner>    BASKET           head of the owner's basket, open or closed
    OWNER#<owner>    CHECKOUT#<key>   record of the checkout with this Idempotency-Key; kept forever
    BASKET#<id>      LINE#<sku>       a line; lines of a closed basket stay until they expire
    OFFER#<sku>      OFFER            own copy of a product, as of `version`, and whether it is sold
                                      out, as of `availability_version`; written independently
    SHIPPING         <option id>      own copy of a shipping option and its rates, as of `version`
    CONTACT#<id>     CONTACT          name, email and address given at a checkout
    OUTBOX#<n>       <event id>       an event that is not published yet

`expires_at` is the table's TTL attribute. DynamoDB deletes with a delay, so code checks it too.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from souk.basket.domain import (
    MAX_LINES,
    BasketHead,
    BasketLine,
    CheckoutRecord,
    ContactRecord,
    Offer,
)
from souk.basket.shipping import ShippingOption, ShippingRate
from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ConcurrentUpdate
from souk.kernel.items import to_item
from souk.kernel.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from souk.kernel.events import Event

Action = dict[str, Any]

SHIPPING = "SHIPPING"
_SAME_OPEN_BASKET = "basket_id = :basket AND is_open = :true"
_NOT_CONTACT_DETAILS = frozenset({"pk", "sk", "owner"})


class BasketStore:
    """Implements the protocol `Baskets`, which documents its errors."""

    def __init__(self, table: str) -> None:
        self._table = table

    def get_head(self, owner: str) -> BasketHead | None:
        return _open_head(dynamo.get(self._table, *_head_key(owner)))

    def get_offer_and_head(self, owner: str, sku: str) -> tuple[Offer | None, BasketHead | None]:
        rows = dynamo.batch_get(self._table, [_offer_key(sku), _head_key(owner)])
        return _offer(rows.get(_offer_key(sku))), _open_head(rows.get(_head_key(owner)))

    def get_record_and_head(
        self, owner: str, idempotency_key: str
    ) -> tuple[CheckoutRecord | None, BasketHead | None]:
        record, head = dynamo.transact_get(
            self._table, _record_key(owner, idempotency_key), _head_key(owner)
        )
        return _record(record) if record else None, _open_head(head)

    def get_lines(self, basket_id: str) -> list[BasketLine]:
        rows = dynamo.query(self._table, f"BASKET#{basket_id}", ConsistentRead=True)
        return [_line(row) for row in rows]

    def get_offers(self, skus: Iterable[str]) -> dict[str, Offer]:
        rows = dynamo.batch_get(self._table, [_offer_key(sku) for sku in skus])
        offers = [offer for row in rows.values() if (offer := _offer(row)) is not None]
        return {offer.sku: offer for offer in offers}

    def get_shipping_options(self) -> list[ShippingOption]:
        return [_shipping_option(row) for row in dynamo.query(self._table, SHIPPING)]

    def create(self, head: BasketHead, line: BasketLine) -> None:
        self._write(self._create_head(head), self._put(_line_row(head, line)))

    def add_line(self, head: BasketHead, line: BasketLine) -> bool:
        update_head = self._update_head(
            head, lines=1, condition=" AND line_count < :max", max=MAX_LINES
        )
        put = self._put(_line_row(head, line), ConditionExpression="attribute_not_exists(pk)")
        return self._write_line(update_head, put)

    def update_line(self, head: BasketHead, line: BasketLine) -> bool:
        update = {
            "TableName": self._table,
            "Key": dynamo.key(*_line_key(head, line.sku)),
            "ConditionExpression": "attribute_exists(pk)",
            "UpdateExpression": "SET quantity = :quantity, seen_price = :price",
            "ExpressionAttributeValues": to_item(
                {":quantity": line.quantity, ":price": line.seen_price.amount}
            ),
        }
        return self._write_line(self._update_head(head), {"Update": update})

    def remove_line(self, head: BasketHead, sku: str) -> bool:
        delete = {
            "TableName": self._table,
            "Key": dynamo.key(*_line_key(head, sku)),
            "ConditionExpression": "attribute_exists(pk)",
        }
        return self._write_line(self._update_head(head, lines=-1), {"Delete": delete})

    def move_lines(
        self, source: BasketHead, target: BasketHead, lines: Sequence[BasketLine], *, new_lines: int
    ) -> None:
        self._write(
            self._update_unchanged_head(source, lines=-len(lines)),
            self._update_unchanged_head(target, lines=new_lines),
            *self._move_actions(source, target, lines),
        )

    def create_with_lines(
        self, head: BasketHead, source: BasketHead, lines: Sequence[BasketLine]
    ) -> None:
        self._write(
            self._update_unchanged_head(source, lines=-len(lines)),
            self._create_head(head),
            *self._move_actions(source, head, lines),
        )

    def close(
        self,
        head: BasketHead,
        idempotency_key: str,
        record: CheckoutRecord,
        contact: ContactRecord,
        event: Event,
    ) -> None:
        close_head = {
            "TableName": self._table,
            "Key": dynamo.key(*_head_key(head.owner)),
            "ConditionExpression": f"{_SAME_OPEN_BASKET} AND version = :version",
            "UpdateExpression": "SET is_open = :false",
            "ExpressionAttributeValues": to_item(
                {
                    ":basket": head.basket_id,
                    ":true": True,
                    ":false": False,
                    ":version": head.version,
                }
            ),
        }
        record_row = _record_row(head.owner, idempotency_key, record)
        self._write(
            {"Update": close_head},
            self._put(record_row, ConditionExpression="attribute_not_exists(pk)"),
            self._put(_contact_row(head.owner, contact)),
            *outbox.put_actions(self._table, event),
        )

    def get_contacts(self, contact_ids: Sequence[str]) -> list[ContactRecord]:
        rows = dynamo.batch_get(self._table, [_contact_key(each) for each in {*contact_ids}])
        return [_contact(row) for row in rows.values()]

    def save_offer(self, offer: Offer) -> None:
        values = {
            "sku": offer.sku,
            "name": offer.name,
            "price": offer.price.amount,
            "currency": offer.price.currency,
            "weight_grams": offer.weight_grams,
            "listed": offer.listed,
        }
        self._save_if_newer(_offer_key(offer.sku), values, version=offer.version)

    def save_shipping_option(self, option: ShippingOption) -> None:
        values = {
            "name": option.name,
            "rates": [_rate_row(rate) for rate in option.rates],
            "offered": option.offered,
        }
        self._save_if_newer((SHIPPING, option.option_id), values, version=option.version)

    def save_availability(self, sku: str, availability_version: int, *, sold_out: bool) -> None:
        self._save_if_newer(
            _offer_key(sku), {"sold_out": sold_out}, availability_version=availability_version
        )

    def _save_if_newer(self, key: tuple[str, str], values: dict[str, Any], **version: int) -> None:
        """Set `values` unless the stored version is the same (a duplicate) or newer (a late event).

        `version` names the version attribute and its value.
        """
        ((version_name, new_version),) = version.items()
        names = [*values, version_name]
        client = aws.dynamodb()
        try:
            client.update_item(
                TableName=self._table,
                Key=dynamo.key(*key),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in names),
                ConditionExpression=f"attribute_not_exists(#{version_name})"
                f" OR #{version_name} < :{version_name}",
                ExpressionAttributeNames={f"#{name}": name for name in names},
                ExpressionAttributeValues=to_item(
                    {f":{name}": value for name, value in values.items()}
                    | {f":{version_name}": new_version}
                ),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return

    def _write(self, *actions: Action) -> None:
        try:
            dynamo.transact_write(actions)
        except ConditionFailed as error:
            raise ConcurrentUpdate from error

    def _write_line(self, update_head: Action, line: Action) -> bool:
        """False when only the condition of the line failed."""
        try:
            dynamo.transact_write([update_head, line])
        except ConditionFailed as error:
            if error.failed == {1}:
                return False
            raise ConcurrentUpdate from error
        return True

    def _create_head(self, head: BasketHead) -> Action:
        row = {
            "pk": f"OWNER#{head.owner}",
            "sk": "BASKET",
            "basket_id": head.basket_id,
            "owner": head.owner,
            "is_open": True,
            "version": head.version,
            "line_count": head.line_count,
            "expires_at": head.expires_at,
        }
        no_open_basket = {
            "ConditionExpression": "attribute_not_exists(pk) OR is_open <> :true"
            " OR expires_at <= :now",
            "ExpressionAttributeValues": to_item({":true": True, ":now": int(time.time())}),
        }
        return self._put(row, **no_open_basket)

    def _move_actions(
        self, source: BasketHead, target: BasketHead, lines: Sequence[BasketLine]
    ) -> Iterator[Action]:
        """They need no conditions: the versions of both heads guard the lines."""
        for line in lines:
            key = dynamo.key(*_line_key(source, line.sku))
            yield {"Delete": {"TableName": self._table, "Key": key}}
            yield self._put(_line_row(target, line))

    def _put(self, row: dict[str, Any], **condition: Any) -> Action:
        return {"Put": {"TableName": self._table, "Item": to_item(row), **condition}}

    def _update_head(
        self, head: BasketHead, lines: int = 0, condition: str = "", **values: int
    ) -> Action:
        """Counts a change of one line. Such updates commute: two tabs can add at the same time."""
        return {
            "Update": {
                "TableName": self._table,
                "Key": dynamo.key(*_head_key(head.owner)),
                "ConditionExpression": _SAME_OPEN_BASKET + condition,
                "UpdateExpression": "ADD version :one, line_count :lines",
                "ExpressionAttributeValues": to_item(
                    {":basket": head.basket_id, ":true": True, ":one": 1, ":lines": lines}
                    | {f":{name}": value for name, value in values.items()}
                ),
            }
        }

    def _update_unchanged_head(self, head: BasketHead, *, lines: int) -> Action:
        """Fails when any line has changed since the head was read."""
        condition = " AND version = :version"
        return self._update_head(head, lines=lines, condition=condition, version=head.version)


def _head_key(owner: str) -> tuple[str, str]:
    return f"OWNER#{owner}", "BASKET"


def _record_key(owner: str, idempotency_key: str) -> tuple[str, str]:
    return f"OWNER#{owner}", f"CHECKOUT#{idempotency_key}"


def _contact_key(contact_id: str) -> tuple[str, str]:
    return f"CONTACT#{contact_id}", "CONTACT"


def _offer_key(sku: str) -> tuple[str, str]:
    return f"OFFER#{sku}", "OFFER"


def _line_key(head: BasketHead, sku: str) -> tuple[str, str]:
    return f"BASKET#{head.basket_id}", f"LINE#{sku}"


def _open_head(row: dict[str, Any] | None) -> BasketHead | None:
    """None for a closed or expired basket."""
    if row is None or not row["is_open"] or row["expires_at"] <= time.time():
        return None
    return BasketHead(**{name: row[name] for name in BasketHead.__struct_fields__})


def _record_row(owner: str, idempotency_key: str, record: CheckoutRecord) -> dict[str, Any]:
    pk, sk = _record_key(owner, idempotency_key)
    return {
        "pk": pk,
        "sk": sk,
        "order_id": record.order_id,
        "total": record.total.amount,
        "currency": record.total.currency,
        "fingerprint": record.fingerprint,
    }


def _record(row: dict[str, Any]) -> CheckoutRecord:
    return CheckoutRecord(
        order_id=row["order_id"],
        total=Money(row["total"], row["currency"]),
        fingerprint=row["fingerprint"],
    )


def _line_row(head: BasketHead, line: BasketLine) -> dict[str, Any]:
    pk, sk = _line_key(head, line.sku)
    return {
        "pk": pk,
        "sk": sk,
        "sku": line.sku,
        "quantity": line.quantity,
        "seen_price": line.seen_price.amount,
        "currency": line.seen_price.currency,
        "added_at": line.added_at,
        "expires_at": head.expires_at,
    }


def _line(row: dict[str, Any]) -> BasketLine:
    return BasketLine(
        sku=row["sku"],
        quantity=row["quantity"],
        seen_price=Money(row["seen_price"], row["currency"]),
        added_at=row["added_at"],
    )


def _contact_row(owner: str, contact: ContactRecord) -> dict[str, Any]:
    pk, sk = _contact_key(contact.contact_id)
    return {"pk": pk, "sk": sk, "owner": owner, **contact.details}


def _contact(row: dict[str, Any]) -> ContactRecord:
    details = {name: value for name, value in row.items() if name not in _NOT_CONTACT_DETAILS}
    return ContactRecord(row["pk"].removeprefix("CONTACT#"), details)


def _offer(row: dict[str, Any] | None) -> Offer | None:
    """None for a row that has only its availability yet."""
    if row is None or "version" not in row:
        return None
    return Offer(
        sku=row["sku"],
        name=row["name"],
        price=Money(row["price"], row["currency"]),
        weight_grams=row["weight_grams"],
        listed=row["listed"],
        version=row["version"],
        sold_out=row.get("sold_out", False),
    )


def _rate_row(rate: ShippingRate) -> dict[str, Any]:
    return {
        "country": rate.country,
        "max_grams": rate.max_grams,
        "price": rate.price.amount,
        "currency": rate.price.currency,
    }


def _shipping_option(row: dict[str, Any]) -> ShippingOption:
    return ShippingOption(
        option_id=row["sk"],
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
