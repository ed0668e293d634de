"""How a workflow is made: traced, its errors logged without what orders hold, few rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aws_cdk import ArnFormat, CfnElement, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn

from infra import reasons

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from infra.stages import Stage


def state_machine(
    room: Construct,
    name: str,
    *,
    stage: Stage,
    definition: Path,
    functions: Mapping[str, str],
) -> sfn.StateMachine:
    """The definition as it stands in its file; `${Name}` in it is that function's address."""
    log = logs.LogGroup(
        room, f"{name}Log", retention=stage.log_retention, removal_policy=stage.removal
    )
    role = iam.Role(room, f"{name}Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
    role.add_to_policy(
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[*functions.values()])
    )
    reasons.acknowledge(role, "AwsSolutions-IAM5[Resource::*]", reasons.NO_RESOURCE)
    machine = sfn.StateMachine(
        room,
        name,
        definition_body=sfn.DefinitionBody.from_string(definition.read_text()),
        definition_substitutions=functions,
        role=role,
        tracing_enabled=True,
        logs=sfn.LogOptions(
            destination=log, level=sfn.LogLevel.ERROR, include_execution_data=False
        ),
        removal_policy=stage.removal,
    )
    reasons.acknowledge(machine, "AwsSolutions-SF1", reasons.ONLY_ERRORS)
    return machine


def allow_to_start(function: lambda_.Function, machine: sfn.StateMachine) -> None:
    """Start executions of this machine, and nothing else."""
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=["states:StartExecution"], resources=[machine.state_machine_arn]
        )
    )


def allow_to_look(function: lambda_.Function, machine: sfn.StateMachine, action: str) -> None:
    """Do this with any execution of the machine: their names are made at run time."""
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
    role = cast("iam.IRole", function.role)
    reasons.acknowledge(role, f"AwsSolutions-IAM5[Resource::{arn}:*]", reasons.NAMED_LATER)
