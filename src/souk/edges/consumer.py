"""The queue edge: facts in, each record on its own; what cannot be handled is kept (G6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aws_lambda_powertools.utilities import batch

from souk.kernel import aws
from souk.kernel.facts import Fact, Hears, caused_by, read
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    UseCase = Callable[[Any], None]

MAX_RECEIVES = 5
"""The receive on which the consumer itself moves a message to the dead-letter queue."""

BACKOFF_SECONDS = (1, 5, 15, 30)
"""Until a failed message shows again: sooner than the queue's visibility timeout."""

RESERVE_MS = 10_000
"""A record is begun only with this much time left: longer than its slowest call takes."""


class QueueSettings(Settings, frozen=True, kw_only=True):
    queue_url: str
    dead_letter_queue_url: str


class OutOfTime(Exception):
    """The records before took the function's time; this one comes again."""


class Unheard(Exception):
    """A message nobody here can read; trying again does not help."""


def consumer(hears: Hears) -> Callable[[dict[str, Any], LambdaContext], Any]:
    """The Lambda handler that dispatches a queue's facts by `hears`, with partial batches."""
    by_name = {fact.__name__: (fact, use_case) for fact, use_case in hears.items()}
    processor = batch.BatchProcessor(batch.EventType.SQS, raise_on_entire_batch_failure=False)

    def handle(event: dict[str, Any], context: LambdaContext) -> Any:
        queue = load(QueueSettings)

        def one(record: SQSRecord) -> None:
            logger.remove_keys(["correlation_id"])  # that of the record before
            if context.get_remaining_time_in_millis() < RESERVE_MS:
                raise OutOfTime  # reported as failed; a time-out would take its neighbours along
            try:
                _hear(record, by_name)
            except Exception as error:
                if not given_up(record, error, queue):
                    raise

        return batch.process_partial_response(event, one, processor, context)

    return handle


def _hear(record: SQSRecord, by_name: Mapping[str, tuple[type[Fact], UseCase]]) -> None:
    try:
        message = msgspec.json.decode(record.body)
        fact, use_case = by_name[message["detail-type"]]
        data, cause = read(fact, message["detail"])
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise Unheard(f"not a fact this room hears: {error!r}") from error
    logger.append_keys(correlation_id=cause.correlation_id)
    with caused_by(cause):
        use_case(data)
    logger.info("heard", fact=fact.__name__, fact_id=cause.causation_id)


def given_up(record: SQSRecord, error: Exception, queue: QueueSettings) -> bool:
    """Keep the message: in the dead-letter queue when all tries are spent, else for later.

    In the second case it is to be reported as failed, so that it comes again.
    """
    receives = int(record.attributes.approximate_receive_count)
    if receives >= MAX_RECEIVES or isinstance(error, Unheard):
        logger.error("moved to the dead-letter queue", message_id=record.message_id, exc_info=error)
        _bury(record, error, queue)
        return True
    logger.warning("will be tried again", message_id=record.message_id, exc_info=error)
    aws.sqs().change_message_visibility(
        QueueUrl=queue.queue_url,
        ReceiptHandle=record.receipt_handle,
        VisibilityTimeout=BACKOFF_SECONDS[receives - 1],
    )
    return False


def _bury(record: SQSRecord, error: Exception, queue: QueueSettings) -> None:
    told = {
        "Reason": f"{type(error).__name__}: {error}"[:1000],
        "FirstReceived": str(record.attributes.approximate_first_receive_timestamp),
        "MessageId": record.message_id,
    }
    aws.sqs().send_message(
        QueueUrl=queue.dead_letter_queue_url,
        MessageBody=record.body,
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in told.items()
        },
    )
