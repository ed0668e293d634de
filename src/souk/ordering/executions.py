"""The checkout workflow's runs, as executions of the state machine.

The first run of an order is named by the order's id, the following `<id>.2`, `<id>.3`: Step
Functions keeps a closed execution's name taken for 90 days. Two runs of one order do no harm:
what they do is decided by the order's state.
"""

from __future__ import annotations

import msgspec

from souk.kernel import aws
from souk.ordering.domain import Unconcluded


class Executions:
    def __init__(self, checkout_arn: str) -> None:
        self._machine = checkout_arn

    def start(self, order: Unconcluded) -> bool:
        """True as well for one that is running: asked again, it is answered the same."""
        client = aws.stepfunctions()
        begin = {"order_id": order.order_id, "correlation_id": order.correlation_id}
        try:
            client.start_execution(
                stateMachineArn=self._machine,
                name=_name(order),
                input=msgspec.json.encode(begin).decode(),
            )
        except client.exceptions.ExecutionAlreadyExists:
            return False
        return True


def _name(order: Unconcluded) -> str:
    return order.order_id if order.run == 1 else f"{order.order_id}.{order.run}"
