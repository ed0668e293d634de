"""Lambda entry point of the clock: orders whose workflow was lost or has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from souk.kernel.logs import logger
from souk.ordering import handlers

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

RESERVE_MS = 5_000
"""An order is begun only with this much time left: longer than seeing to it takes."""

handlers.orders()
handlers.checkouts()


def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    begun = handlers.reconcile(enough=lambda: context.get_remaining_time_in_millis() < RESERVE_MS)
    logger.info("seen through", begun_anew=begun)
