"""Lambda entry point of the clock: unsettled payments go on, the books are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from souk.kernel import aws
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.payment import handlers, reconciliation
from souk.payment.provider import NoAnswer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from souk.payment.reconciliation import Difference

RESERVE_MS = 20_000
"""A payment is begun only with this much time left: longer than the provider takes for one."""


class ReconcilerSettings(Settings, frozen=True, kw_only=True):
    dead_letter_queue_url: str


handlers.provider()
aws.dynamodb()
letters = load(ReconcilerSettings).dead_letter_queue_url


def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """The minute's run; what it does not get to is the next minute's."""

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > RESERVE_MS

    logger.remove_keys(["correlation_id"])
    ledger, provider = handlers.payments(), handlers.provider()
    reconciliation.settle(ledger=ledger, provider=provider, has_time=has_time, say=logger.info)
    try:
        reconciliation.compare(ledger=ledger, provider=provider, has_time=has_time, tell=_tell)
    except NoAnswer:
        logger.warning("the provider's list is not to be had; the next run goes on")


def _tell(found: Difference) -> None:
    """A person must look at it: the alarm of the dead letters calls one."""
    theirs = found.standing
    logger.error(
        "the provider's books differ from the ledger",
        order_id=theirs.order_id,
        reference=theirs.reference,
    )
    aws.sqs().send_message(
        QueueUrl=letters,
        MessageBody=msgspec.json.encode(
            {"order_id": theirs.order_id, "provider": theirs, "ledger": found.payment}
        ).decode(),
        MessageAttributes={
            "Reason": {"DataType": "String", "StringValue": "the books differ from the ledger"}
        },
    )
