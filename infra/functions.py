"""Creates the Lambda functions of the services, each with its own role and log group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from infra import nag_suppressions, packaging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from infra.stages import Stage

API_TIMEOUT = Duration.seconds(10)
WORKER_TIMEOUT = Duration.seconds(30)  # for consumers, commands, relays and schedules
MEMORY_MB = 1024


class Functions:
    """Creates functions; all share one code asset and one layer of libraries."""

    def __init__(self, scope: Construct, *, stage: Stage, layers: packaging.LayerFolders) -> None:
        self._stage = stage
        self._code = packaging.code_asset()
        self._libraries = packaging.layer_version(scope, layers.libraries)
        self._stripe = packaging.layer_version(
            scope, layers.stripe, "Stripe", packaging.STRIPE_LOCK
        )

    def create(
        self,
        service: Construct,
        name: str,
        handler: str,
        *,
        env: Mapping[str, str],
        timeout: Duration = API_TIMEOUT,
        stripe: bool = False,
    ) -> lambda_.Function:
        """A function whose role only allows writing its log. `stripe` adds the SDK's layer."""
        log_group = self._log_group(service, name)
        log_name = {"POWERTOOLS_SERVICE_NAME": f"{service.node.id.lower()}-{name.lower()}"}
        return lambda_.Function(
            service,
            name,
            runtime=packaging.RUNTIME,
            architecture=packaging.ARCHITECTURE,
            code=self._code,
            layers=[self._libraries, *([self._stripe] if stripe else [])],
            handler=handler,
            role=_role(service, name, log_group),
            log_group=log_group,
            tracing=lambda_.Tracing.PASS_THROUGH,  # decision 12: only continues a caller's trace
            memory_size=MEMORY_MB,
            timeout=timeout,
            environment={"POWERTOOLS_LOG_LEVEL": "INFO", **log_name, **env},
        )

    def _log_group(self, service: Construct, name: str) -> logs.LogGroup:
        return logs.LogGroup(
            service,
            f"{name}Log",
            retention=self._stage.log_retention,
            removal_policy=self._stage.removal_policy,
        )


def _role(service: Construct, name: str, log_group: logs.LogGroup) -> iam.Role:
    role = iam.Role(service, f"{name}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    nag_suppressions.acknowledge(
        role, "AwsSolutions-IAM5[Resource::*]", nag_suppressions.XRAY_RESOURCES
    )
    return role
