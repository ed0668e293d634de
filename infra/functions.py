"""How every function is made: a role and a log of its own, limited in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from infra import packaging, reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from infra.stages import Stage

TIMEOUT = Duration.seconds(10)
LONG = Duration.seconds(30)  # of those who work through a batch
MEMORY_MB = 1024


class Functions:
    """Makes the rooms' functions; all share one code asset and one layer."""

    def __init__(self, scope: Construct, *, stage: Stage, layers: packaging.LayerFolders) -> None:
        self._stage = stage
        self._code = packaging.code()
        self._libraries = packaging.layer(scope, layers.libraries)
        self._stripe = packaging.layer(scope, layers.stripe, "Stripe", packaging.STRIPE_LOCK)

    def make(
        self,
        room: Construct,
        name: str,
        handler: str,
        *,
        env: Mapping[str, str],
        timeout: Duration = TIMEOUT,
        stripe: bool = False,
    ) -> lambda_.Function:
        """A function that may do nothing yet but write its log; `stripe` adds Stripe's SDK."""
        log = self._log(room, name)
        service = {"POWERTOOLS_SERVICE_NAME": f"{room.node.id.lower()}-{name.lower()}"}
        return lambda_.Function(
            room,
            name,
            runtime=packaging.RUNTIME,
            architecture=packaging.ARCHITECTURE,
            code=self._code,
            layers=[self._libraries, *([self._stripe] if stripe else [])],
            handler=handler,
            role=_role(room, name, log),
            log_group=log,
            tracing=lambda_.Tracing.PASS_THROUGH,  # decision 12: only what others trace
            memory_size=MEMORY_MB,
            timeout=timeout,
            environment={"POWERTOOLS_LOG_LEVEL": "INFO", **service, **env},
        )

    def _log(self, room: Construct, name: str) -> logs.LogGroup:
        return logs.LogGroup(
            room,
            f"{name}Log",
            retention=self._stage.log_retention,
            removal_policy=self._stage.removal,
        )


def _role(room: Construct, name: str, log: logs.LogGroup) -> iam.Role:
    role = iam.Role(room, f"{name}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log.grant_write(role)
    reasons.acknowledge(role, "AwsSolutions-IAM5[Resource::*]", reasons.NO_RESOURCE)
    return role
