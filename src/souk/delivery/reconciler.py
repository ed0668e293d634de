"""Lambda entry point of the reconciler: completes dispatches whose capture result is unknown.

Runs every minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.delivery import handlers
from souk.kernel import aws

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MS = 10_000
"""A shipment is started only with this much time left; a call of payment takes less."""

handlers.shipments()
aws.dynamodb()
aws.lambda_client()


def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    handlers.complete_dispatches(
        is_out_of_time=lambda: context.get_remaining_time_in_millis() < RESERVE_MS
    )
