"""Reads dead-letter queues, and redrives their messages to the source queue.

SQS can redrive by itself (StartMessageMoveTask), but the local cloud does not implement that. On
AWS it needs the same permissions, and the destination has to be named: consumers, not SQS, moved
most of these messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_sqs.type_defs import MessageTypeDef

MAX_RECEIVED = 10  # limit of ReceiveMessage
MAX_REDRIVEN = 100
"""Maximum messages per redrive request, to stay within its 10 s timeout."""

WAIT_SECONDS = 1
"""Long polling. Without it, SQS asks only a subset of its servers and may miss messages."""

REASON_ATTRIBUTES = ("Reason", "ERROR_MESSAGE")
"""Message attributes in which the shop, and EventBridge, state why they gave up on a message."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a dead-letter message. A field that the message does not have is null."""

    reason: str | None
    event: str | None
    event_id: str | None
    order_id: str | None
    at: str | None


def peek(queue_url: str) -> list[DeadLetter]:
    """Up to ten messages of the queue. They stay in it, visible to others."""
    return [_dead_letter(message) for message in _receive(queue_url, VisibilityTimeout=0)]


def redrive(queue_url: str, *, destination_url: str) -> int:
    """Move up to 100 messages to the destination. Returns the number moved.

    Each message is sent before it is deleted: a crash in between leaves it in both queues, which is
    harmless because events are handled idempotently. It is never lost.
    """
    moved = 0
    while moved < MAX_REDRIVEN:
        messages = _receive(queue_url)
        for message in messages:
            aws.sqs().send_message(QueueUrl=destination_url, MessageBody=message["Body"])
            aws.sqs().delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        moved += len(messages)
        if len(messages) < MAX_RECEIVED:  # messages that fail again wait for the next request
            break
    return moved


def _receive(queue_url: str, **options: Any) -> Sequence[MessageTypeDef]:
    response = aws.sqs().receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=MAX_RECEIVED,
        WaitTimeSeconds=WAIT_SECONDS,
        MessageAttributeNames=REASON_ATTRIBUTES,
        **options,
    )
    return response.get("Messages", [])


def _dead_letter(message: MessageTypeDef) -> DeadLetter:
    """The body may be an event from the bus, an outbox row from a relay, or other JSON."""
    body = _object(message["Body"])
    detail = _object(body.get("detail"))
    attributes = message.get("MessageAttributes", {})
    reasons = (attributes[name]["StringValue"] for name in REASON_ATTRIBUTES if name in attributes)
    return DeadLetter(
        reason=next(reasons, None),
        event=_text(body, "detail-type") or _text(body, "type"),
        event_id=_text(detail, "id"),
        order_id=_text(_object(detail.get("data")), "order_id") or _text(body, "order_id"),
        at=_text(detail, "time"),
    )


def _object(value: object) -> Mapping[str, object]:
    """A JSON object, given as such or as text; empty for anything else."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None
