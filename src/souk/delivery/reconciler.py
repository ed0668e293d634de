"""Lambda entry point of the clock: no shipment waits for payment's word and is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.delivery import handlers
from souk.kernel import aws

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MS = 10_000
"""A shipment is begun only with this much time left: longer than payment takes to answer."""

handlers.shipments()
aws.dynamodb()
aws.functions()


def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    handlers.settle_all(enough=lambda: context.get_remaining_time_in_millis() < RESERVE_MS)
