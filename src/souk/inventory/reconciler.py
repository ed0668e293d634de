"""Lambda entry point of the clock: leases that ended are let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.inventory import handlers
from souk.kernel import aws

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

handlers.inventory()
aws.dynamodb()


def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    """The minute's sweep; what it does not get to is the next minute's."""
    handlers.end_leases()
