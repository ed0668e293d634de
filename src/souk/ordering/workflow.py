"""The checkout workflow in Step Functions."""

from __future__ import annotations

import msgspec

from souk.kernel import aws
from souk.kernel.clock import timestamp
from souk.ordering.domain import ExecutionState, WorkflowStep


class CheckoutWorkflow:
    """Implements the protocol `Workflow`, which documents its errors."""

    def __init__(self, state_machine_arn: str) -> None:
        self._state_machine_arn = state_machine_arn
        self._execution_arn_prefix = state_machine_arn.replace(":stateMachine:", ":execution:")

    def start(self, order_id: str, execution_number: int, correlation_id: str) -> None:
        client = aws.stepfunctions()
        workflow_input = msgspec.json.encode(
            {"order_id": order_id, "correlation_id": correlation_id}
        ).decode()
        try:
            client.start_execution(
                stateMachineArn=self._state_machine_arn,
                name=_execution_name(order_id, execution_number),
                input=workflow_input,
            )
        except client.exceptions.ExecutionAlreadyExists:
            return

    def get_state(self, order_id: str, execution_number: int) -> ExecutionState:
        client = aws.stepfunctions()
        arn = self._execution_arn(order_id, execution_number)
        try:
            status = client.describe_execution(executionArn=arn)["status"]
        except client.exceptions.ExecutionDoesNotExist:
            return ExecutionState.NOT_STARTED
        return ExecutionState.RUNNING if status == "RUNNING" else ExecutionState.ENDED

    def list_steps(self, order_id: str, execution_number: int) -> list[WorkflowStep]:
        client = aws.stepfunctions()
        pages = client.get_paginator("get_execution_history").paginate(
            executionArn=self._execution_arn(order_id, execution_number),
            includeExecutionData=False,
        )
        try:
            return [
                WorkflowStep(
                    event["stateEnteredEventDetails"]["name"], timestamp(event["timestamp"])
                )
                for page in pages
                for event in page["events"]
                if "stateEnteredEventDetails" in event
            ]
        except client.exceptions.ExecutionDoesNotExist:
            return []

    def _execution_arn(self, order_id: str, execution_number: int) -> str:
        return f"{self._execution_arn_prefix}:{_execution_name(order_id, execution_number)}"


def _execution_name(order_id: str, execution_number: int) -> str:
    return order_id if execution_number == 0 else f"{order_id}-{execution_number}"
