"""Lambda entry point of the clock: what is undecided is asked for, what differs is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel import aws
from souk.payment import handlers

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

handlers.provider()
aws.dynamodb()


def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    handlers.reconcile()
