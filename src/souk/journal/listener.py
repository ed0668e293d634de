"""The queue edge of a room that hears everything: facts in by the batch, whatever they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from souk.edges.consumer import RESERVE_MS, QueueSettings, Unheard, given_up
from souk.kernel.facts import Heard
from souk.kernel.logs import logger
from souk.kernel.settings import load

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Hear = Callable[[Sequence[Heard]], None]


class _Message(NamedTuple):
    record: SQSRecord
    fact: Heard


def listener(hear: Hear) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """The Lambda handler that gives `hear` a queue's facts, a batch at a time.

    Where a batch fails its facts are heard one by one: one at fault keeps no other waiting.
    """

    def handle(event: dict[str, Any], context: LambdaContext) -> Any:
        queue = load(QueueSettings)
        messages = []
        for record in map(SQSRecord, event["Records"]):
            try:
                messages.append(_Message(record, _read(record)))
            except Unheard as error:
                given_up(record, error, queue)
        failed = _failed(messages, hear, queue, context) if messages else []
        logger.info("heard", facts=len(messages), failed=len(failed))
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    return handle


def _failed(
    messages: Sequence[_Message], hear: Hear, queue: QueueSettings, context: LambdaContext
) -> list[str]:
    """Hear the messages; the ids of those that are to come again."""
    if context.get_remaining_time_in_millis() < RESERVE_MS:
        return [message.record.message_id for message in messages]
    try:
        hear([message.fact for message in messages])
    except Exception as error:  # noqa: BLE001  whatever it is, they are kept
        if len(messages) > 1:
            alone = (_failed([each], hear, queue, context) for each in messages)
            return [message_id for failed in alone for message_id in failed]
        record = messages[0].record
        return [] if given_up(record, error, queue) else [record.message_id]
    return []


def _read(record: SQSRecord) -> Heard:
    try:
        message = msgspec.json.decode(record.body)
        named = {"name": message["detail-type"], "source": message["source"]}
        return msgspec.convert({**message["detail"], **named}, Heard)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise Unheard(f"not a fact: {error!r}") from error
