"""Consumes events from a service's queue, record by record. A failed message is never lost (G6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aws_lambda_powertools.utilities import batch

from souk.kernel import aws
from souk.kernel.events import Event, Subscriptions, caused_by, parse_event
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    Handler = Callable[[Any], None]

MAX_RECEIVES = 5
"""On this receive the consumer itself moves a failing message to the dead-letter queue."""

BACKOFF_SECONDS = (1, 5, 15, 30)
"""Delay before a failed message is visible again; shorter than the queue's visibility timeout."""

RESERVE_MS = 10_000
"""A record is started only with this much time left; its slowest call takes less."""


class QueueSettings(Settings, frozen=True, kw_only=True):
    queue_url: str
    dead_letter_queue_url: str


class OutOfTime(Exception):
    """Earlier records used up the function's time. This one is delivered again."""


class UnreadableMessage(Exception):
    """The message is no event that the service subscribes to. Retrying does not help."""


def queue_consumer(
    subscriptions: Subscriptions,
) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """The Lambda handler that passes a queue's events to the handlers in `subscriptions`.

    It reports partial batch failures, so one bad record does not affect the others.
    """
    by_name = {event.__name__: (event, handler) for event, handler in subscriptions.items()}
    processor = batch.BatchProcessor(batch.EventType.SQS, raise_on_entire_batch_failure=False)

    def handle(sqs_event: dict[str, Any], context: LambdaContext) -> Any:
        queue = load(QueueSettings)

        def handle_one(record: SQSRecord) -> None:
            logger.remove_keys(["correlation_id"])  # of the previous record
            if context.get_remaining_time_in_millis() < RESERVE_MS:
                raise OutOfTime  # reported as failed; a timeout would fail its neighbours too
            try:
                _handle_record(record, by_name)
            except Exception as error:
                if not dead_letter_or_delay(record, error, queue):
                    raise

        return batch.process_partial_response(sqs_event, handle_one, processor, context)

    return handle


def _handle_record(record: SQSRecord, by_name: Mapping[str, tuple[type[Event], Handler]]) -> None:
    try:
        message = msgspec.json.decode(record.body)
        event_type, handler = by_name[message["detail-type"]]
        event, cause = parse_event(event_type, message["detail"])
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise UnreadableMessage(f"no event this service subscribes to: {error!r}") from error
    logger.append_keys(correlation_id=cause.correlation_id)
    with caused_by(cause):
        handler(event)
    logger.info("event handled", event=event_type.__name__, event_id=cause.causation_id)


def dead_letter_or_delay(record: SQSRecord, error: Exception, queue: QueueSettings) -> bool:
    """Keep a failed message: move it to the dead-letter queue, or delay its next delivery.

    True when it was moved. Otherwise the caller reports it as failed.
    """
    receives = int(record.attributes.approximate_receive_count)
    if receives >= MAX_RECEIVES or isinstance(error, UnreadableMessage):
        logger.error("moved to the dead-letter queue", message_id=record.message_id, exc_info=error)
        move_to_dead_letter_queue(record, error, queue)
        return True
    logger.warning("will be retried", message_id=record.message_id, exc_info=error)
    aws.sqs().change_message_visibility(
        QueueUrl=queue.queue_url,
        ReceiptHandle=record.receipt_handle,
        VisibilityTimeout=BACKOFF_SECONDS[receives - 1],
    )
    return False


def move_to_dead_letter_queue(record: SQSRecord, error: Exception, queue: QueueSettings) -> None:
    attributes = {
        "Reason": f"{type(error).__name__}: {error}"[:1000],
        "FirstReceived": str(record.attributes.approximate_first_receive_timestamp),
        "MessageId": record.message_id,
    }
    aws.sqs().send_message(
        QueueUrl=queue.dead_letter_queue_url,
        MessageBody=record.body,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )
