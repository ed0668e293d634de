"""Dead letters: read where they lie, or sent back to the queue they came out of.

Moving them is SQS's own task, too (StartMessageMoveTask), which at home is not there. It needs the
same permissions, and to be told the queue: these letters were sent here by consumers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_sqs.type_defs import MessageTypeDef

AT_ONCE = 10
"""SQS gives no more."""

AT_MOST = 100
"""So many go back at one request, which has ten seconds."""

WAIT_SECONDS = 1
"""Without waiting SQS looks in some of its places only."""

REASONS = ("Reason", "ERROR_MESSAGE")
"""Attributes in which the shop, and the bus, say why they gave up."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a message in a queue of dead letters is about, as far as it tells."""

    reason: str | None
    fact: str | None
    fact_id: str | None
    order_id: str | None
    at: str | None


def look(queue: str) -> list[Letter]:
    """Some of those that lie there, ten at most; they stay, and stay visible."""
    return [_letter(message) for message in _receive(queue, VisibilityTimeout=0)]


def send_back(queue: str, *, to: str) -> int:
    """Send letters back, a hundred at most; how many went.

    Each is sent before it is deleted: whatever happens in between, a fact heard twice changes
    nothing, and one that was lost would.
    """
    sent = 0
    while sent < AT_MOST:
        letters = _receive(queue)
        for letter in letters:
            aws.sqs().send_message(QueueUrl=to, MessageBody=letter["Body"])
            aws.sqs().delete_message(QueueUrl=queue, ReceiptHandle=letter["ReceiptHandle"])
        sent += len(letters)
        if len(letters) < AT_ONCE:  # those that come straight back are for the next request
            break
    return sent


def _receive(queue: str, **options: Any) -> Sequence[MessageTypeDef]:
    answer = aws.sqs().receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=AT_ONCE,
        WaitTimeSeconds=WAIT_SECONDS,
        MessageAttributeNames=REASONS,
        **options,
    )
    return answer.get("Messages", [])


def _letter(message: MessageTypeDef) -> Letter:
    """A fact as the bus brought it, or as a relay kept it; or something else about an order."""
    body = _object(message["Body"])
    detail = _object(body.get("detail"))
    told = message.get("MessageAttributes", {})
    return Letter(
        reason=next((told[name]["StringValue"] for name in REASONS if name in told), None),
        fact=_text(body, "detail-type") or _text(body, "type"),
        fact_id=_text(detail, "id"),
        order_id=_text(_object(detail.get("data")), "order_id") or _text(body, "order_id"),
        at=_text(detail, "time"),
    )


def _object(value: object) -> Mapping[str, object]:
    """A JSON object, also one written as text; nothing of what is none."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def _text(found: Mapping[str, object], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) else None
