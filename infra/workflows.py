"""Creates Step Functions workflows and grants on their executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import ArnFormat, CfnElement, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn

from infra import nag_suppressions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from infra.stages import Stage


def create_state_machine(
    service: Construct,
    name: str,
    *,
    stage: Stage,
    definition: Path,
    functions: Mapping[str, str],
) -> sfn.StateMachine:
    """A traced state machine from an ASL file, in which `${Name}` is replaced by a function's ARN.

    Its role may invoke `functions` (name to ARN) only. Its log holds errors without the
    execution's data.
    """
    log_group = logs.LogGroup(
        service, f"{name}Log", retention=stage.log_retention, removal_policy=stage.removal_policy
    )
    role = iam.Role(service, f"{name}Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
    role.add_to_policy(
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[*functions.values()])
    )
    nag_suppressions.acknowledge(
        role, "AwsSolutions-IAM5[Resource::*]", nag_suppressions.XRAY_RESOURCES
    )
    machine = sfn.StateMachine(
        service,
        name,
        definition_body=sfn.DefinitionBody.from_string(definition.read_text()),
        definition_substitutions=functions,
        role=role,
        tracing_enabled=True,
        logs=sfn.LogOptions(
            destination=log_group, level=sfn.LogLevel.ERROR, include_execution_data=False
        ),
        removal_policy=stage.removal_policy,
    )
    nag_suppressions.acknowledge(machine, "AwsSolutions-SF1", nag_suppressions.ERROR_LOGS_ONLY)
    return machine


def allow_start(function: lambda_.Function, machine: sfn.StateMachine) -> None:
    """Grants starting executions of the state machine."""
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["states:StartExecution"], resources=[machine.state_machine_arn]
        )
    )


def allow_on_executions(function: lambda_.Function, machine: sfn.StateMachine, action: str) -> None:
    """Grants `action`, such as `DescribeExecution`, on all executions of the state machine."""
    executions = Stack.of(machine).format_arn(
        service="states",
        resource="execution",
        resource_name=f"{machine.state_machine_name}:*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    function.add_to_role_policy(
        iam.PolicyStatement(actions=[f"states:{action}"], resources=[executions])
    )
    logical_id = Stack.of(machine).get_logical_id(cast("CfnElement", machine.node.default_child))
    arn = (
        f"arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<{logical_id}.Name>"
    )
    nag_suppressions.acknowledge(
        cast("iam.IRole", function.role),
        f"AwsSolutions-IAM5[Resource::{arn}:*]",
        nag_suppressions.EXECUTION_NAMES,
    )
