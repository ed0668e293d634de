"""The stages a shop is deployed as, and what differs between them.

The CDK is only loaded when a stage is built: commands ask here which stages there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from aws_cdk import RemovalPolicy
    from aws_cdk.aws_logs import RetentionDays


class Stage(NamedTuple):
    """A protected one keeps data when the stack goes, and lets no table be deleted."""

    name: str
    protected: bool
    logs_kept: Literal["ONE_WEEK", "THREE_MONTHS"]
    archive_days: int
    payment_provider: Literal["sandbox", "stripe"]
    mail_sender: str  # whose address is verified in SES, see docs/deploying.md
    currency: str = "GBP"

    @property
    def removal(self) -> RemovalPolicy:
        from aws_cdk import RemovalPolicy

        return RemovalPolicy.RETAIN if self.protected else RemovalPolicy.DESTROY

    @property
    def log_retention(self) -> RetentionDays:
        from aws_cdk.aws_logs import RetentionDays

        return RetentionDays[self.logs_kept]


STAGES = {
    stage.name: stage
    for stage in (
        Stage("dev", False, "ONE_WEEK", 7, "sandbox", "Souk <orders@souk.example>"),
        Stage("prod", True, "THREE_MONTHS", 90, "stripe", "Souk <orders@souk.example>"),
    )
}


def stack_name(stage: str) -> str:
    return f"Souk-{stage}"
