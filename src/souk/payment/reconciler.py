"""Lambda entry point of the reconciler: settles payments, compares ledger and provider.

Runs every minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.payment import handlers, reconciliation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from souk.payment.reconciliation import Difference

RESERVE_MS = 20_000
"""A payment is started only with this much time left; the provider's calls for it take less."""


class ReconcilerSettings(Settings, frozen=True, kw_only=True):
    dead_letter_queue_url: str


handlers.provider()
aws.dynamodb()
dead_letter_queue_url = load(ReconcilerSettings).dead_letter_queue_url


def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """Resolves unsettled payments, then compares the provider's list with the ledger.

    Stops when the time runs out; the next run continues. Raises ReconciliationFailed, for the
    alarm, and Busy.
    """

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > RESERVE_MS

    logger.remove_keys(["correlation_id"])
    reconciliation.reconcile(
        ledger=handlers.payments(), provider=handlers.provider(), has_time=has_time, report=_report
    )


def _report(difference: Difference) -> None:
    """Sends the difference to the dead-letter queue, whose alarm notifies staff."""
    state = difference.provider_state
    logger.error(
        "the provider's records differ from the ledger",
        order_id=state.order_id,
        reference=state.reference,
    )
    aws.sqs().send_message(
        QueueUrl=dead_letter_queue_url,
        MessageBody=msgspec.json.encode(
            {"order_id": state.order_id, "provider": state, "ledger": difference.payment}
        ).decode(),
        MessageAttributes={
            "Reason": {
                "DataType": "String",
                "StringValue": "the provider's records differ from the ledger",
            }
        },
    )
