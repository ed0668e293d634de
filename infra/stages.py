"""The stages that a shop is deployed to, and how they differ.

The CDK is imported only when a stage is built, so that commands can list the stages quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from aws_cdk import RemovalPolicy
    from aws_cdk.aws_logs import RetentionDays


class Stage(NamedTuple):
    """`protected`: data is retained when the stack is deleted, and tables cannot be deleted.

    `email_sender` is the From address; it has to be verified in SES, see docs/deploying.md.
    """

    name: str
    protected: bool
    log_retention_name: Literal["ONE_WEEK", "THREE_MONTHS"]
    archive_retention_days: int
    payment_provider: Literal["sandbox", "stripe"]
    email_sender: str
    currency: str = "GBP"

    @property
    def removal_policy(self) -> RemovalPolicy:
        from aws_cdk import RemovalPolicy

        return RemovalPolicy.RETAIN if self.protected else RemovalPolicy.DESTROY

    @property
    def log_retention(self) -> RetentionDays:
        from aws_cdk.aws_logs import RetentionDays

        return RetentionDays[self.log_retention_name]


STAGES = {
    stage.name: stage
    for stage in (
        Stage("dev", False, "ONE_WEEK", 7, "sandbox", "Souk <orders@souk.example>"),
        Stage("prod", True, "THREE_MONTHS", 90, "stripe", "Souk <orders@souk.example>"),
    )
}


def stack_name(stage: str) -> str:
    return f"Souk-{stage}"
