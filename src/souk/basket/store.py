"""Baskets in DynamoDB.

    pk               sk               what
    OWNER#<owner>    BASKET           head of the owner's basket
    OWNER#<owner>    CHECKOUT#<key>   what this Idempotency-Key was answered; kept for good
    BASKET#<id>      LINE#<sku>       a line; that of a closed basket stays until it expires
    OFFER#<sku>      OFFER            own copy of what the catalog sells, as of `version`, and
                                      whether it is sold out, as of `turn`: each is written
                                      by itself, whichever comes first
    SHIPPING         <option>         own copy of a shipping option and its rates, as of `version`
    CONTACT#<id>     CONTACT          name, e-mail and address of a checkout
    OUTBOX#<n>       <fact id>        facts on their way to the bus

`expires_at` is the table's TTL attribute. DynamoDB deletes late, so code checks it too.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from souk.basket.domain import MAX_LINES, BasketMoved, Contact, Head, Line, Offer, Receipt
from souk.basket.shipping import Option, Rate
from souk.kernel import aws, dynamo, outbox
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.items import to_item
from souk.kernel.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from souk.kernel.facts import Fact

Action = dict[str, Any]

SHIPPING = "SHIPPING"
_AS_READ = "basket_id = :basket AND is_open = :true"
_NO_DETAILS = frozenset({"pk", "sk", "owner"})


class BasketStore:
    def __init__(self, table: str) -> None:
        self._table = table

    def head(self, owner: str) -> Head | None:
        return _open(dynamo.get(self._table, *_head_key(owner)))

    def offer_and_head(self, owner: str, sku: str) -> tuple[Offer | None, Head | None]:
        found = dynamo.get_many(self._table, [_offer_key(sku), _head_key(owner)])
        offer = found.get(_offer_key(sku))
        return _offer(offer), _open(found.get(_head_key(owner)))

    def receipt_and_head(self, owner: str, key: str) -> tuple[Receipt | None, Head | None]:
        receipt, head = dynamo.get_together(self._table, _receipt_key(owner, key), _head_key(owner))
        return _receipt(receipt) if receipt else None, _open(head)

    def lines(self, basket_id: str) -> list[Line]:
        rows = dynamo.query(self._table, f"BASKET#{basket_id}", ConsistentRead=True)
        return [_line(row) for row in rows]

    def offers(self, skus: Iterable[str]) -> dict[str, Offer]:
        rows = dynamo.get_many(self._table, [_offer_key(sku) for sku in skus])
        offers = [offer for row in rows.values() if (offer := _offer(row)) is not None]
        return {offer.sku: offer for offer in offers}

    def shipping_options(self) -> list[Option]:
        return [_option(row) for row in dynamo.query(self._table, SHIPPING)]

    def begin(self, head: Head, line: Line) -> None:
        self._write(self._begun(head), self._put(_line_row(head, line)))

    def add(self, head: Head, line: Line) -> bool:
        count = self._touch(head, lines=1, condition=" AND line_count < :max", max=MAX_LINES)
        put = self._put(_line_row(head, line), ConditionExpression="attribute_not_exists(pk)")
        return self._write_line(count, put)

    def change(self, head: Head, line: Line) -> bool:
        update = {
            "TableName": self._table,
            "Key": dynamo.key(*_line_key(head, line.sku)),
            "ConditionExpression": "attribute_exists(pk)",
            "UpdateExpression": "SET quantity = :quantity, seen_price = :price",
            "ExpressionAttributeValues": to_item(
                {":quantity": line.quantity, ":price": line.seen_price.amount}
            ),
        }
        return self._write_line(self._touch(head), {"Update": update})

    def remove(self, head: Head, sku: str) -> bool:
        delete = {
            "TableName": self._table,
            "Key": dynamo.key(*_line_key(head, sku)),
            "ConditionExpression": "attribute_exists(pk)",
        }
        return self._write_line(self._touch(head, lines=-1), {"Delete": delete})

    def move(self, source: Head, target: Head, lines: Sequence[Line], *, new: int) -> None:
        self._write(
            self._pinned(source, lines=-len(lines)),
            self._pinned(target, lines=new),
            *self._moves(source, target, lines),
        )

    def begin_with(self, head: Head, source: Head, lines: Sequence[Line]) -> None:
        self._write(
            self._pinned(source, lines=-len(lines)),
            self._begun(head),
            *self._moves(source, head, lines),
        )

    def close(self, head: Head, key: str, receipt: Receipt, contact: Contact, fact: Fact) -> None:
        closed = {
            "TableName": self._table,
            "Key": dynamo.key(*_head_key(head.owner)),
            "ConditionExpression": f"{_AS_READ} AND version = :seen",
            "UpdateExpression": "SET is_open = :false",
            "ExpressionAttributeValues": to_item(
                {":basket": head.basket_id, ":true": True, ":false": False, ":seen": head.version}
            ),
        }
        pk, sk = _receipt_key(head.owner, key)
        kept = {
            "pk": pk,
            "sk": sk,
            "order_id": receipt.order_id,
            "total": receipt.total.amount,
            "currency": receipt.total.currency,
            "fingerprint": receipt.fingerprint,
        }
        pk, sk = _contact_key(contact.contact_id)
        person = {"pk": pk, "sk": sk, "owner": head.owner, **contact.details}
        self._write(
            {"Update": closed},
            self._put(kept, ConditionExpression="attribute_not_exists(pk)"),
            self._put(person),
            *outbox.puts(self._table, fact),
        )

    def contacts(self, contact_ids: Sequence[str]) -> list[Contact]:
        rows = dynamo.get_many(self._table, [_contact_key(each) for each in {*contact_ids}])
        return [_contact(row) for row in rows.values()]

    def learn(self, offer: Offer) -> None:
        said = {
            "sku": offer.sku,
            "name": offer.name,
            "price": offer.price.amount,
            "currency": offer.price.currency,
            "weight_grams": offer.weight_grams,
            "listed": offer.listed,
        }
        self._hear(_offer_key(offer.sku), said, version=offer.version)

    def learn_option(self, option: Option) -> None:
        said = {
            "name": option.name,
            "rates": [_rate_row(rate) for rate in option.rates],
            "offered": option.offered,
        }
        self._hear((SHIPPING, option.option), said, version=option.version)

    def note_stock(self, sku: str, turn: int, *, sold_out: bool) -> None:
        self._hear(_offer_key(sku), {"sold_out": sold_out}, turn=turn)

    def _hear(self, key: tuple[str, str], said: dict[str, Any], **newer: int) -> None:
        """Set what was said, unless what is kept is as new (heard before) or newer (late)."""
        ((clock, time_said),) = newer.items()
        names = [*said, clock]
        client = aws.dynamodb()
        try:
            client.update_item(
                TableName=self._table,
                Key=dynamo.key(*key),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in names),
                ConditionExpression=f"attribute_not_exists(#{clock}) OR #{clock} < :{clock}",
                ExpressionAttributeNames={f"#{name}": name for name in names},
                ExpressionAttributeValues=to_item(
                    {f":{name}": value for name, value in said.items()} | {f":{clock}": time_said}
                ),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return

    def _write(self, *actions: Action) -> None:
        try:
            dynamo.transact(actions)
        except ConditionFailed as error:
            raise BasketMoved from error

    def _write_line(self, touch: Action, line: Action) -> bool:
        """False when it is the line's condition alone that failed."""
        try:
            dynamo.transact([touch, line])
        except ConditionFailed as error:
            if error.failed == {1}:
                return False
            raise BasketMoved from error
        return True

    def _begun(self, head: Head) -> Action:
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
        none_open = {
            "ConditionExpression": "attribute_not_exists(pk) OR is_open <> :true"
            " OR expires_at <= :now",
            "ExpressionAttributeValues": to_item({":true": True, ":now": int(time.time())}),
        }
        return self._put(row, **none_open)

    def _moves(self, source: Head, target: Head, lines: Sequence[Line]) -> Iterator[Action]:
        """The heads, pinned to what was read, answer for the lines: these need no conditions."""
        for line in lines:
            taken = dynamo.key(*_line_key(source, line.sku))
            yield {"Delete": {"TableName": self._table, "Key": taken}}
            yield self._put(_line_row(target, line))

    def _put(self, row: dict[str, Any], **condition: Any) -> Action:
        return {"Put": {"TableName": self._table, "Item": to_item(row), **condition}}

    def _touch(self, head: Head, lines: int = 0, condition: str = "", **values: int) -> Action:
        """The head's part in a change of one line. It commutes: two tabs may add at once."""
        return {
            "Update": {
                "TableName": self._table,
                "Key": dynamo.key(*_head_key(head.owner)),
                "ConditionExpression": _AS_READ + condition,
                "UpdateExpression": "ADD version :one, line_count :lines",
                "ExpressionAttributeValues": to_item(
                    {":basket": head.basket_id, ":true": True, ":one": 1, ":lines": lines}
                    | {f":{name}": value for name, value in values.items()}
                ),
            }
        }

    def _pinned(self, head: Head, *, lines: int) -> Action:
        """The head's part in a change that holds only if no line has changed since it was read."""
        return self._touch(head, lines=lines, condition=" AND version = :seen", seen=head.version)


def _head_key(owner: str) -> tuple[str, str]:
    return f"OWNER#{owner}", "BASKET"


def _receipt_key(owner: str, key: str) -> tuple[str, str]:
    return f"OWNER#{owner}", f"CHECKOUT#{key}"


def _contact_key(contact_id: str) -> tuple[str, str]:
    return f"CONTACT#{contact_id}", "CONTACT"


def _offer_key(sku: str) -> tuple[str, str]:
    return f"OFFER#{sku}", "OFFER"


def _line_key(head: Head, sku: str) -> tuple[str, str]:
    return f"BASKET#{head.basket_id}", f"LINE#{sku}"


def _open(row: dict[str, Any] | None) -> Head | None:
    if row is None or not row["is_open"] or row["expires_at"] <= time.time():
        return None
    return Head(**{name: row[name] for name in Head.__struct_fields__})


def _receipt(row: dict[str, Any]) -> Receipt:
    return Receipt(
        order_id=row["order_id"],
        total=Money(row["total"], row["currency"]),
        fingerprint=row["fingerprint"],
    )


def _line_row(head: Head, line: Line) -> dict[str, Any]:
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


def _line(row: dict[str, Any]) -> Line:
    return Line(
        sku=row["sku"],
        quantity=row["quantity"],
        seen_price=Money(row["seen_price"], row["currency"]),
        added_at=row["added_at"],
    )


def _contact(row: dict[str, Any]) -> Contact:
    details = {name: value for name, value in row.items() if name not in _NO_DETAILS}
    return Contact(row["pk"].removeprefix("CONTACT#"), details)


def _offer(row: dict[str, Any] | None) -> Offer | None:
    """None while only inventory has spoken of it."""
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


def _rate_row(rate: Rate) -> dict[str, Any]:
    return {
        "country": rate.country,
        "max_grams": rate.max_grams,
        "price": rate.price.amount,
        "currency": rate.price.currency,
    }


def _option(row: dict[str, Any]) -> Option:
    return Option(
        option=row["sk"],
        name=row["name"],
        rates=[
            Rate(
                country=rate["country"],
                max_grams=rate.get("max_grams"),
                price=Money(rate["price"], rate["currency"]),
            )
            for rate in row["rates"]
        ],
        offered=row["offered"],
        version=row["version"],
    )
