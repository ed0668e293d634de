"""The checkout workflow's executions, in Step Functions."""

from __future__ import annotations

import msgspec

from souk.kernel import aws
from souk.kernel.clock import stamp
from souk.ordering.domain import Entered


class CheckoutRuns:
    def __init__(self, state_machine: str) -> None:
        self._machine = state_machine
        self._executions = state_machine.replace(":stateMachine:", ":execution:")

    def start(self, order_id: str, run: int, journey: str) -> None:
        client = aws.stepfunctions()
        given = msgspec.json.encode({"order_id": order_id, "correlation_id": journey}).decode()
        try:
            client.start_execution(
                stateMachineArn=self._machine, name=_name(order_id, run), input=given
            )
        except client.exceptions.ExecutionAlreadyExists:
            return

    def is_over(self, order_id: str, run: int) -> bool | None:
        client = aws.stepfunctions()
        arn = f"{self._executions}:{_name(order_id, run)}"
        try:
            return client.describe_execution(executionArn=arn)["status"] != "RUNNING"
        except client.exceptions.ExecutionDoesNotExist:
            return None

    def entered(self, order_id: str, run: int) -> list[Entered]:
        client = aws.stepfunctions()
        history = client.get_paginator("get_execution_history").paginate(
            executionArn=f"{self._executions}:{_name(order_id, run)}", includeExecutionData=False
        )
        try:
            return [
                Entered(event["stateEnteredEventDetails"]["name"], stamp(event["timestamp"]))
                for page in history
                for event in page["events"]
                if "stateEnteredEventDetails" in event
            ]
        except client.exceptions.ExecutionDoesNotExist:
            return []


def _name(order_id: str, run: int) -> str:
    return order_id if run == 0 else f"{order_id}-{run}"
