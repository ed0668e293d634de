"""Lambda entry point of the event queue. Settings and clients are loaded at cold start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel import aws
from souk.notification import handlers, senders
from souk.runtime.consumer import queue_consumer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

handlers.emails()
recipients = handlers.recipients()
aws.dynamodb()
aws.lambda_client()
senders.ses()
_consume = queue_consumer({**handlers.SUBSCRIPTIONS, **handlers.SES_SUBSCRIPTIONS})


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Sends the emails of a batch. Recipients are cached for the batch and no longer."""
    recipients.start_batch(event)
    try:
        return _consume(event, context)
    finally:
        recipients.end_batch()
