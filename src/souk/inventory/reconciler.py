"""Lambda entry point of the reconciler: expires holds whose lease has ended.

Runs every minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.inventory import handlers
from souk.kernel import aws

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

handlers.inventory()
aws.dynamodb()


def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    """Expires a limited number of holds; the next run continues with the rest."""
    handlers.expire_holds()
