"""Lambda entry point of the reconciler: restarts the workflow of open orders.

Runs every minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel import aws
from souk.ordering import handlers

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MS = 5_000
"""An order is checked only with this much time left; the next run continues with the rest."""

handlers.orders()
handlers.workflow()
aws.dynamodb()
aws.stepfunctions()


def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    handlers.reconcile(is_out_of_time=lambda: context.get_remaining_time_in_millis() < RESERVE_MS)
