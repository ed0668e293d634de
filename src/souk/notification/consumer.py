"""Lambda entry point of the queue: what a fact needs is checked and made while it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.edges.consumer import consumer
from souk.kernel import aws
from souk.notification import handlers, post

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

handlers.mails()
recipients = handlers.recipients()
aws.dynamodb()
aws.functions()
post.ses()
_hear = consumer({**handlers.HEARS, **handlers.POST_SAYS})


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Write the mails of a batch; who receives them is known no longer than that."""
    recipients.begin(event)
    try:
        return _hear(event, context)
    finally:
        recipients.forget()
