"""Lambda entry point of the clock: no order is left undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel import aws
from souk.ordering import handlers

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MS = 5_000
"""An order is looked at only with this much time left: the next call goes on."""

handlers.orders()
handlers.runs()
aws.dynamodb()
aws.stepfunctions()


def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    handlers.reconcile(enough=lambda: context.get_remaining_time_in_millis() < RESERVE_MS)
