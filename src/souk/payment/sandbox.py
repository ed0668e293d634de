"""The sandbox: a payment provider that moves no money, for every stage that has no real one.

It keeps books of its own, rows `SANDBOX#<reference>`/`PAYMENT` of payment's table, and behaves
as real providers do at their worst. What it does depends on the customer's token:

    tok_declined, tok_insufficient_funds   says no
    tok_slow                               needs some seconds, then it is authorised
    tok_never                              needs time for good
    tok_timeout                            no answer, yet it was authorised
    tok_lost                               no answer, and nothing happened; asked again, it is done
    tok_late                               no answer; its books show it some seconds later
    tok_twice                              authorised, and two notices say so before the answer
    any other                              authorised at once
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws, dynamo
from souk.kernel.clock import now, stamp
from souk.kernel.items import to_item
from souk.payment.domain import Standing
from souk.payment.provider import BadSignature, NoAnswer, Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from souk.kernel.money import Money
    from souk.payment.provider import Wish

NAME = "sandbox"
BOOK = "sandbox"
SIGNATURE = "sandbox-signature"
SECONDS = 3
"""How long the slow and the late ones take."""
FOREVER = 2**40  # seconds
CHUNK = 100  # payments of a list read at once
TOLERANCE = 300  # seconds a signature is good for, as with Stripe
_PREFIX = "sbx_"
_SIGNED = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_DECLINES = {
    "tok_declined": "card-declined",
    "tok_insufficient_funds": "insufficient-funds",
}

Row = dict[str, Any]


class Sandbox:
    """`tell` takes a notice as the webhook would: body and headers."""

    name = NAME

    def __init__(
        self,
        table: str,
        secret: Callable[[], str],
        tell: Callable[[bytes, Mapping[str, str]], object],
    ) -> None:
        self._table = table
        self._secret = secret
        self._tell = tell

    def open(self, wish: Wish) -> str:
        return f"{_PREFIX}{wish.order_id}"

    def authorize(self, reference: str, wish: Wish) -> Standing:
        unasked, row = _unasked(reference), _asked_for(reference, wish)
        if wish.token == "tok_lost" and self._write(unasked, unasked):  # noqa: S105  a name, no secret
            raise NoAnswer(reference)
        if not self._write(unasked, row):
            known = self._shown(reference)
            if known["status"] != "open" or not self._write(known, row):
                return _standing(self._shown(reference))  # asked before, or let go before
        if wish.token in ("tok_timeout", "tok_late"):
            raise NoAnswer(reference)
        if wish.token == "tok_twice":  # noqa: S105  the same
            for _ in range(2):
                self._tell(*self.notice(reference))
        return _standing(row)

    def capture(self, reference: str) -> Standing:
        def taken(row: Row) -> Row | None:
            return {**row, "status": "captured"} if _status(row) == "authorized" else None

        return self._change(reference, taken)

    def void(self, reference: str) -> Standing:
        """What it was never asked to authorise, it never will be."""

        def freed(row: Row) -> Row | None:
            status = _status(row)
            if status not in ("open", "pending", "authorized"):
                return None
            return {**row, "status": "voided", "was_authorized": status == "authorized"}

        return self._change(reference, freed)

    def refund(self, reference: str, refund_id: str, amount: Money) -> bool:
        def given_back(row: Row) -> Row | None:
            given: dict[str, int] = row["refunds"]
            left = row["amount"] - sum(given.values())
            if row["status"] != "captured" or refund_id in given or amount.amount > left:
                return None
            return {**row, "refunds": {**given, refund_id: amount.amount}}

        self._change(reference, given_back)
        return bool(self._row(reference)["refunds"].get(refund_id) == amount.amount)

    def find(self, reference: str) -> Standing:
        return _as_shown(self._row(reference))

    def list(self, since: str, until: str) -> Iterator[Standing]:
        rows = dynamo.query(
            self._table,
            BOOK,
            IndexName="by_book",
            KeyConditionExpression="#book = :book AND #at BETWEEN :since AND :until",
            ExpressionAttributeNames={"#book": "book", "#at": "at"},
            ExpressionAttributeValues=to_item({":book": BOOK, ":since": since, ":until": until}),
        )
        while some := [(row["pk"], row["sk"]) for row in islice(rows, CHUNK)]:
            yield from map(_as_shown, dynamo.get_many(self._table, some).values())

    def notice(self, reference: str) -> tuple[bytes, dict[str, str]]:
        """The webhook it sends when something about the payment has changed."""
        order_id = reference.removeprefix(_PREFIX)
        body = msgspec.json.encode({"reference": reference, "order_id": order_id})
        moment = str(int(time.time()))
        return body, {SIGNATURE: f"t={moment},v1={_signature(self._secret(), moment, body)}"}

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        signed = _SIGNED.fullmatch(headers.get(SIGNATURE, ""))
        if signed is None or abs(time.time() - int(signed[1])) > TOLERANCE:
            raise BadSignature(f"a notice needs a fresh {SIGNATURE.title()} header")
        if not hmac.compare_digest(signed[2], _signature(self._secret(), signed[1], body)):
            raise BadSignature("the signature is not that of this body")
        return msgspec.json.decode(body, type=Notice)

    def _change(self, reference: str, change: Callable[[Row], Row | None]) -> Standing:
        """Write what `change` makes of the row, if anything, and tell how it stands then."""
        while True:
            row = self._shown(reference)
            after = change(row)
            if after is None:
                return _standing(row)
            if self._write(row, after):
                return _standing(after)

    def _shown(self, reference: str) -> Row:
        """Raises NoAnswer while the books do not show what happened."""
        row = self._row(reference)
        if _is_late(row):
            raise NoAnswer(reference)
        return row

    def _row(self, reference: str) -> Row:
        return dynamo.get(self._table, *_key(reference)) or _unasked(reference)

    def _write(self, before: Row, after: Row) -> bool:
        """False if it is not as it was before (version 0: not there) any more."""
        seen = before["version"]
        unseen = "attribute_not_exists(pk)"
        client = aws.dynamodb()
        try:
            client.put_item(
                TableName=self._table,
                Item=to_item({**after, "version": seen + 1}),
                ConditionExpression=f"version = :seen OR ({unseen} AND :seen = :none)",
                ExpressionAttributeValues=to_item({":seen": seen, ":none": 0}),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _key(reference: str) -> tuple[str, str]:
    return f"SANDBOX#{reference}", "PAYMENT"


def _unasked(reference: str) -> Row:
    """A payment it was told of and not yet asked to authorise."""
    pk, sk = _key(reference)
    return {
        "pk": pk,
        "sk": sk,
        "reference": reference,
        "order_id": reference.removeprefix(_PREFIX),
        "status": "open",
        "amount": 0,
        "was_authorized": False,
        "refunds": {},
        "settles_at": 0,
        "shows_at": 0,
        "version": 0,
        "book": BOOK,
        "at": stamp(now()),
    }


def _asked_for(reference: str, wish: Wish) -> Row:
    row = {**_unasked(reference), "amount": wish.amount.amount, "status": "authorized"}
    later = int((now() + timedelta(seconds=SECONDS)).timestamp())
    match wish.token:
        case "tok_slow":
            return {**row, "status": "pending", "settles_at": later}
        case "tok_never":
            return {**row, "status": "pending", "settles_at": FOREVER}
        case "tok_late":
            return {**row, "shows_at": later}
        case token if token in _DECLINES:
            return {**row, "status": "declined", "reason": _DECLINES[token]}
    return row


def _as_shown(row: Row) -> Standing:
    return _standing(_unasked(row["reference"]) if _is_late(row) else row)


def _is_late(row: Row) -> bool:
    return bool(row["shows_at"] > time.time())


def _status(row: Row) -> Any:
    if row["status"] == "pending" and row["settles_at"] <= time.time():
        return "authorized"
    return row["status"]


def _standing(row: Row) -> Standing:
    status = _status(row)
    is_set_aside = row["was_authorized"] or status in ("authorized", "captured")
    return Standing(
        reference=row["reference"],
        order_id=row["order_id"],
        status=status,
        authorized=row["amount"] if is_set_aside else 0,
        captured=row["amount"] if status == "captured" else 0,
        refunded=sum(row["refunds"].values()),
        reason=row.get("reason"),
    )


def _signature(secret: str, moment: str, body: bytes) -> str:
    return hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
