"""Lambda entry point of the clock: no order is left undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel import aws
from souk.ordering import handlers

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

handlers.orders()
handlers.runs()
aws.dynamodb()
aws.stepfunctions()


def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    handlers.reconcile()
