"""The sandbox: a payment provider that moves no money, for stages without a real one.

It keeps its records in rows `SANDBOX#<reference>`/`PAYMENT` of payment's table and simulates the
failures of real providers. The customer's token selects the behavior:

    tok_declined, tok_insufficient_funds   declined
    tok_slow                               pending for some seconds, then authorized
    tok_never                              pending forever
    tok_timeout                            no response, although it was authorized
    tok_lost                               no response, not authorized; authorized on a repeat
    tok_late                               no response; authorized, but visible seconds later
    tok_twice                              authorized; two webhooks arrive before the response
    any other                              authorized at once
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
from souk.kernel.clock import now, timestamp
from souk.kernel.items import to_item
from souk.payment.domain import ProviderState
from souk.payment.provider import BadSignature, ProviderUnavailable, WebhookEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from souk.kernel.money import Money
    from souk.payment.provider import AuthorizationRequest

NAME = "sandbox"
COLLECTION = "sandbox"
SIGNATURE_HEADER = "sandbox-signature"
DELAY_SECONDS = 3
"""Delay of `tok_slow` and `tok_late`."""
NEVER = 2**40  # Unix seconds, in the far future
CHUNK_SIZE = 100  # payments of a list read in one call
SIGNATURE_TOLERANCE_SECONDS = 300  # as at Stripe
_PREFIX = "sbx_"
_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_DECLINE_REASONS = {
    "tok_declined": "card-declined",
    "tok_insufficient_funds": "insufficient-funds",
}

Row = dict[str, Any]


class Sandbox:
    """Implements the protocol `Provider`, which documents its errors.

    `send_webhook` receives the body and the headers of a webhook.
    """

    name = NAME

    def __init__(
        self,
        table: str,
        secret: Callable[[], str],
        send_webhook: Callable[[bytes, Mapping[str, str]], object],
    ) -> None:
        self._table = table
        self._secret = secret
        self._send_webhook = send_webhook

    def open(self, request: AuthorizationRequest) -> str:
        return f"{_PREFIX}{request.order_id}"

    def authorize(self, reference: str, request: AuthorizationRequest) -> ProviderState:
        opened, authorized = _opened_row(reference), _row_by_token(reference, request)
        if request.token == "tok_lost" and self._write(opened, opened):  # noqa: S105  a name, no secret
            raise ProviderUnavailable(reference)
        if not self._write(opened, authorized):
            row = self._visible_row(reference)
            if row["status"] != "open" or not self._write(row, authorized):
                return _state(self._visible_row(reference))  # authorized or voided before
        if request.token in ("tok_timeout", "tok_late"):
            raise ProviderUnavailable(reference)
        if request.token == "tok_twice":  # noqa: S105  the same
            for _ in range(2):
                self._send_webhook(*self.create_webhook(reference))
        return _state(authorized)

    def capture(self, reference: str) -> ProviderState:
        def capture(row: Row) -> Row | None:
            return {**row, "status": "captured"} if _status(row) == "authorized" else None

        return self._update(reference, capture)

    def void(self, reference: str) -> ProviderState:
        """A payment that is voided while open is never authorized."""

        def void(row: Row) -> Row | None:
            status = _status(row)
            if status not in ("open", "pending", "authorized"):
                return None
            return {**row, "status": "voided", "was_authorized": status == "authorized"}

        return self._update(reference, void)

    def refund(self, reference: str, refund_id: str, amount: Money) -> bool:
        def refund(row: Row) -> Row | None:
            refunds: dict[str, int] = row["refunds"]
            refundable = row["amount"] - sum(refunds.values())
            if row["status"] != "captured" or refund_id in refunds or amount.amount > refundable:
                return None
            return {**row, "refunds": {**refunds, refund_id: amount.amount}}

        self._update(reference, refund)
        return bool(self._row(reference)["refunds"].get(refund_id) == amount.amount)

    def find(self, reference: str) -> ProviderState:
        return _visible_state(self._row(reference))

    def list(self, since: str, until: str) -> Iterator[ProviderState]:
        rows = dynamo.query(
            self._table,
            COLLECTION,
            IndexName="by_collection",
            KeyConditionExpression="#collection = :collection AND #at BETWEEN :since AND :until",
            ExpressionAttributeNames={"#collection": "collection", "#at": "at"},
            ExpressionAttributeValues=to_item(
                {":collection": COLLECTION, ":since": since, ":until": until}
            ),
        )
        while keys := [(row["pk"], row["sk"]) for row in islice(rows, CHUNK_SIZE)]:
            yield from map(_visible_state, dynamo.batch_get(self._table, keys).values())

    def create_webhook(self, reference: str) -> tuple[bytes, dict[str, str]]:
        """Body and headers of the webhook about a change of the payment."""
        order_id = reference.removeprefix(_PREFIX)
        body = msgspec.json.encode({"reference": reference, "order_id": order_id})
        signed_at = str(int(time.time()))
        signature = _sign(self._secret(), signed_at, body)
        return body, {SIGNATURE_HEADER: f"t={signed_at},v1={signature}"}

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent | None:
        match = _SIGNATURE.fullmatch(headers.get(SIGNATURE_HEADER, ""))
        if match is None or abs(time.time() - int(match[1])) > SIGNATURE_TOLERANCE_SECONDS:
            raise BadSignature(
                f"Send a {SIGNATURE_HEADER.title()} header that is not older than "
                f"{SIGNATURE_TOLERANCE_SECONDS} seconds."
            )
        if not hmac.compare_digest(match[2], _sign(self._secret(), match[1], body)):
            raise BadSignature("The signature does not match the request body.")
        return msgspec.json.decode(body, type=WebhookEvent)

    def _update(self, reference: str, update: Callable[[Row], Row | None]) -> ProviderState:
        """Write the row that `update` returns, None for no change. Returns the resulting state."""
        while True:
            row = self._visible_row(reference)
            updated = update(row)
            if updated is None:
                return _state(row)
            if self._write(row, updated):
                return _state(updated)

    def _visible_row(self, reference: str) -> Row:
        """Raises ProviderUnavailable while the row of `tok_late` is not visible yet."""
        row = self._row(reference)
        if _is_hidden(row):
            raise ProviderUnavailable(reference)
        return row

    def _row(self, reference: str) -> Row:
        return dynamo.get(self._table, *_key(reference)) or _opened_row(reference)

    def _write(self, before: Row, after: Row) -> bool:
        """False if the stored row is not `before`. Version 0 is not stored."""
        version = before["version"]
        is_new = "attribute_not_exists(pk)"
        client = aws.dynamodb()
        try:
            client.put_item(
                TableName=self._table,
                Item=to_item({**after, "version": version + 1}),
                ConditionExpression=f"version = :version OR ({is_new} AND :version = :zero)",
                ExpressionAttributeValues=to_item({":version": version, ":zero": 0}),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _key(reference: str) -> tuple[str, str]:
    return f"SANDBOX#{reference}", "PAYMENT"


def _opened_row(reference: str) -> Row:
    """A payment that was opened and not authorized yet."""
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
        "authorized_from": 0,
        "visible_from": 0,
        "version": 0,
        "collection": COLLECTION,
        "at": timestamp(now()),
    }


def _row_by_token(reference: str, request: AuthorizationRequest) -> Row:
    """The row after an authorization. Times are Unix seconds."""
    row = {
        **_opened_row(reference),
        "amount": request.amount.amount,
        "status": "authorized",
    }
    later = int((now() + timedelta(seconds=DELAY_SECONDS)).timestamp())
    match request.token:
        case "tok_slow":
            return {**row, "status": "pending", "authorized_from": later}
        case "tok_never":
            return {**row, "status": "pending", "authorized_from": NEVER}
        case "tok_late":
            return {**row, "visible_from": later}
        case token if token in _DECLINE_REASONS:
            return {**row, "status": "declined", "reason": _DECLINE_REASONS[token]}
    return row


def _visible_state(row: Row) -> ProviderState:
    return _state(_opened_row(row["reference"]) if _is_hidden(row) else row)


def _is_hidden(row: Row) -> bool:
    return bool(row["visible_from"] > time.time())


def _status(row: Row) -> Any:
    if row["status"] == "pending" and row["authorized_from"] <= time.time():
        return "authorized"
    return row["status"]


def _state(row: Row) -> ProviderState:
    status = _status(row)
    is_authorized = row["was_authorized"] or status in ("authorized", "captured")
    return ProviderState(
        reference=row["reference"],
        order_id=row["order_id"],
        status=status,
        authorized=row["amount"] if is_authorized else 0,
        captured=row["amount"] if status == "captured" else 0,
        refunded=sum(row["refunds"].values()),
        reason=row.get("reason"),
    )


def _sign(secret: str, signed_at: str, body: bytes) -> str:
    return hmac.new(secret.encode(), signed_at.encode() + b"." + body, hashlib.sha256).hexdigest()
