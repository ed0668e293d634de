"""Ordering's resources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.platform import index
from infra.workflows import allow_to_look, allow_to_start
from souk.ordering.handlers import HEARS, ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform

CARD = ["status", "subtotal", "total", "currency", "line_count", "placed_at", "rejection"]
RETURN_CARD = ["order_id", "pieces", "requested_at", "decided_at", "refund"]
WORKFLOW = Path(__file__).with_name("checkout.asl.json")


class Ordering(Construct):
    """A table with each owner's orders, the API function, the consumer, the relay, and the
    checkout workflow with the commands it asks and the clock that revives it."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Ordering")
        table = platform.table(
            self,
            indexes=[
                index("by_owner", "owner", "order_id", *CARD),
                index("by_open", "undecided", "order_id"),
                index("by_status", "status", "order_id", "owner", *CARD[1:]),
                index("by_return", "awaits", "return_id", *RETURN_CARD),
            ],
        )
        workflow = self._workflow(platform, table)
        self._api(platform, table, workflow)
        self._consumer(platform, table, workflow)
        self._reconciler(platform, table, workflow)
        platform.publish(self, table)

    def _workflow(self, platform: Platform, table: dynamodb.TableV2) -> sfn.StateMachine:
        commands = platform.answer(self, handler="souk.ordering.workflow.handler", table=table)
        platform.allow(commands, table, "GetItem", "Query", "PutItem", "UpdateItem")
        return platform.orchestrate(
            self, "Checkout", definition=WORKFLOW, rooms=("Ordering", "Inventory", "Payment")
        )

    def _api(self, platform: Platform, table: dynamodb.TableV2, workflow: sfn.StateMachine) -> None:
        api = platform.serve(
            self,
            handler="souk.ordering.api.handler",
            routes=ROUTES,
            table=table,
            env={"CHECKOUT_WORKFLOW": workflow.state_machine_arn},
        )
        platform.allow(api, table, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem")
        allow_to_look(api, workflow, "GetExecutionHistory")

    def _consumer(
        self, platform: Platform, table: dynamodb.TableV2, workflow: sfn.StateMachine
    ) -> None:
        consumer = platform.subscribe(
            self,
            handler="souk.ordering.consumer.handler",
            hears=HEARS,
            table=table,
            env={"CHECKOUT_WORKFLOW": workflow.state_machine_arn},
        )
        platform.allow(consumer, table, "GetItem", "PutItem", "UpdateItem")
        allow_to_start(consumer, workflow)

    def _reconciler(
        self, platform: Platform, table: dynamodb.TableV2, workflow: sfn.StateMachine
    ) -> None:
        reconciler = platform.repeat(
            self,
            "Reconciler",
            handler="souk.ordering.reconciler.handler",
            every=Duration.minutes(1),
            table=table,
            env={"CHECKOUT_WORKFLOW": workflow.state_machine_arn},
        )
        platform.allow(reconciler, table, "GetItem", "Query", "PutItem", "UpdateItem")
        allow_to_start(reconciler, workflow)
        allow_to_look(reconciler, workflow, "DescribeExecution")
