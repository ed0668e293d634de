"""The sandbox: a provider that moves no money and does what its test tokens say.

It keeps books of its own, as a provider does: rows `SANDBOX#<order>` in payment's table, never
read by the ledger. Every token succeeds but these:

    tok_declined             declined
    tok_insufficient_funds   declined, for want of funds
    tok_slow                 pending, authorised after some seconds
    tok_never                pending for good
    tok_timeout              no answer, yet authorised
    tok_lost                 the first request never arrives
    tok_late                 no answer; in the books only after some seconds
    tok_twice                authorised, and said twice more before the answer
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws, dynamo
from souk.kernel.items import to_item
from souk.kernel.money import Money
from souk.payment.provider import BadSignature, NoAnswer, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BOOK = "sandbox"
SECONDS = 3
"""How long a slow or late payment takes."""

_DECLINED = {"tok_declined": "card-declined", "tok_insufficient_funds": "insufficient-funds"}


SIGNED_FOR = 300
"""Seconds a signature is good for."""


class Sandbox:
    """`webhook` is told an order's id, as a provider tells a shop's webhook."""

    def __init__(
        self, table: str, *, webhook_secret: str, webhook: Callable[[str], object]
    ) -> None:
        self._table = table
        self._secret = webhook_secret.encode()
        self._webhook = webhook

    def authorize(self, order_id: str, amount: Money, token: str) -> Told:
        row = self._row(order_id)
        if row is None:
            row = self._begun(order_id, amount, token)
            if token in ("tok_timeout", "tok_lost", "tok_late"):
                raise NoAnswer(f"the sandbox did not answer for {order_id}")
            if token == "tok_twice":  # noqa: S105  a test token
                self._webhook(order_id)
                self._webhook(order_id)
        elif row["shows_at"] > time.time():
            raise NoAnswer(f"the sandbox did not answer for {order_id}")
        elif row["status"] == "lost":
            row = self._change(order_id, "authorized")
        return _told(row)

    def find(self, order_id: str, reference: str | None) -> Told | None:  # noqa: ARG002  as the port has it
        row = self._row(order_id)
        if row is None or row["status"] == "lost" or row["shows_at"] > time.time():
            return None
        return _told(row)

    def void(self, order_id: str, reference: str) -> None:  # noqa: ARG002  as the port has it
        self._change(order_id, "voided")

    def capture(self, order_id: str, reference: str) -> None:  # noqa: ARG002  as the port has it
        self._change(order_id, "captured")

    def refund(self, refund_id: str, reference: str, amount: Money) -> None:
        order_id = reference.removeprefix("sandbox-")
        row = {"pk": f"SANDBOX#{order_id}", "sk": f"REFUND#{refund_id}", "amount": amount.amount}
        aws.dynamodb().put_item(TableName=self._table, Item=to_item(row))

    def since(self, moment: int) -> Iterator[Told]:
        rows = dynamo.query(
            self._table,
            BOOK,
            IndexName="by_list",
            KeyConditionExpression="#list = :pk AND #at >= :since",
            ExpressionAttributeNames={"#list": "list", "#at": "at"},
            ExpressionAttributeValues=to_item({":pk": BOOK, ":since": f"{moment:012}"}),
        )
        for each in rows:
            told = self.find(each["order_id"], None)
            if told is not None:
                yield told

    def order_of(self, body: str, headers: Mapping[str, str]) -> str | None:
        """A body `{"order_id": …}` under `Sandbox-Signature: <Unix seconds>.<HMAC-SHA256>`."""
        at, _, signature = headers.get("sandbox-signature", "").partition(".")
        fresh = at.isdecimal() and abs(time.time() - int(at)) <= SIGNED_FOR
        if not fresh or not hmac.compare_digest(signature, sign(self._secret, at, body)):
            raise BadSignature("the Sandbox-Signature does not fit the body, or is too old")
        try:
            return msgspec.json.decode(body, type=dict[str, str]).get("order_id")
        except msgspec.DecodeError:
            return None

    def _row(self, order_id: str) -> dict[str, Any] | None:
        return dynamo.get(self._table, f"SANDBOX#{order_id}", "PAYMENT")

    def _begun(self, order_id: str, amount: Money, token: str) -> dict[str, Any]:
        now = int(time.time())
        status = "authorized"
        if token in _DECLINED:
            status = "declined"
        elif token == "tok_lost":  # noqa: S105  a test token
            status = "lost"
        waits = {"tok_slow": now + SECONDS, "tok_never": 2**40}
        row = {
            "pk": f"SANDBOX#{order_id}",
            "sk": "PAYMENT",
            "order_id": order_id,
            "amount": amount.amount,
            "currency": amount.currency,
            "status": status,
            "reason": _DECLINED.get(token),
            "decided_at": waits.get(token, now),
            "shows_at": now + SECONDS if token == "tok_late" else 0,  # noqa: S105  a test token
            "list": BOOK,
            "at": f"{now:012}",
        }
        client = aws.dynamodb()
        try:  # two requests under one key at once are one payment
            client.put_item(
                TableName=self._table,
                Item=to_item(row),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return self._row(order_id) or row
        return row

    def _change(self, order_id: str, status: str) -> dict[str, Any]:
        row = {**(self._row(order_id) or {}), "status": status, "decided_at": 0}
        aws.dynamodb().put_item(TableName=self._table, Item=to_item(row))
        return row


def _told(row: dict[str, Any]) -> Told:
    waits = row["status"] == "authorized" and row["decided_at"] > time.time()
    return Told(
        order_id=row["order_id"],
        status="pending" if waits else row["status"],
        reference=f"sandbox-{row['order_id']}",
        amount=Money(row["amount"], row["currency"]),
        reason=row.get("reason"),
    )


def sign(secret: bytes, at: str, body: str) -> str:
    return hmac.new(secret, f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
