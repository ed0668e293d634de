"""Consumes events of any type from a queue, in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from souk.kernel.events import ReceivedEvent
from souk.kernel.logs import logger
from souk.kernel.settings import load
from souk.runtime.consumer import RESERVE_MS, QueueSettings, UnreadableMessage, dead_letter_or_delay

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

HandleEvents = Callable[[Sequence[ReceivedEvent]], None]


class _Message(NamedTuple):
    record: SQSRecord
    event: ReceivedEvent


def batch_consumer(
    handle_events: HandleEvents,
) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """The Lambda handler that passes all events of a queue batch to `handle_events` in one call.

    When that call fails, the events are handled one by one, so one bad event does not block the
    others. Returns the messages to deliver again (partial batch response).
    """

    def handle(sqs_event: dict[str, Any], context: LambdaContext) -> Any:
        queue = load(QueueSettings)
        messages = []
        for record in map(SQSRecord, sqs_event["Records"]):
            try:
                messages.append(_Message(record, _parse_event(record)))
            except UnreadableMessage as error:
                dead_letter_or_delay(record, error, queue)
        failed = _handle_messages(messages, handle_events, queue, context) if messages else []
        logger.info("events handled", events=len(messages), failed=len(failed))
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    return handle


def _handle_messages(
    messages: Sequence[_Message],
    handle_events: HandleEvents,
    queue: QueueSettings,
    context: LambdaContext,
) -> list[str]:
    """Returns the ids of the messages to deliver again."""
    if context.get_remaining_time_in_millis() < RESERVE_MS:
        return [message.record.message_id for message in messages]
    try:
        handle_events([message.event for message in messages])
    except Exception as error:  # noqa: BLE001  a failed message is kept, whatever the error
        if len(messages) > 1:
            results = (_handle_messages([each], handle_events, queue, context) for each in messages)
            return [message_id for failed in results for message_id in failed]
        record = messages[0].record
        return [] if dead_letter_or_delay(record, error, queue) else [record.message_id]
    return []


def _parse_event(record: SQSRecord) -> ReceivedEvent:
    try:
        message = msgspec.json.decode(record.body)
        header = {"name": message["detail-type"], "source": message["source"]}
        return msgspec.convert({**message["detail"], **header}, ReceivedEvent)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise UnreadableMessage(f"not an event: {error!r}") from error
