"""The stages a shop is deployed as, and what differs between them."""

from __future__ import annotations

from typing import NamedTuple

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import RetentionDays


class Stage(NamedTuple):
    """`prod` keeps data when the stack goes, and refuses to let a table be deleted."""

    name: str
    removal: RemovalPolicy
    protected: bool
    log_retention: RetentionDays
    archive_days: int
    payment_provider: str
    currency: str = "GBP"


STAGES = {
    stage.name: stage
    for stage in (
        Stage("dev", RemovalPolicy.DESTROY, False, RetentionDays.ONE_WEEK, 7, "sandbox"),
        Stage("prod", RemovalPolicy.RETAIN, True, RetentionDays.THREE_MONTHS, 90, "stripe"),
    )
}


def stack_name(stage: str) -> str:
    return f"Souk-{stage}"
