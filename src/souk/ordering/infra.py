"""The AWS resources of the ordering service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.platform import index
from infra.workflows import allow_on_executions, allow_start
from souk.ordering.handlers import ROUTES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from infra.platform import Platform

ORDER_CARD = ["status", "subtotal", "total", "currency", "line_count", "placed_at", "rejection"]
RETURN_CARD = ["order_id", "quantity", "requested_at", "decided_at", "refund"]
CHECKOUT_DEFINITION = Path(__file__).with_name("checkout.asl.json")


class Ordering(Construct):
    """Table, API, event consumer, checkout workflow and its commands, reconciler, outbox relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Ordering")
        table = platform.add_table(
            self,
            indexes=[
                index("by_owner", "owner", "order_id", *ORDER_CARD),
                index("by_open_checkout", "open_checkout", "order_id"),
                index("by_status", "status", "order_id", "owner", *ORDER_CARD[1:]),
                index("by_open_return_status", "open_return_status", "return_id", *RETURN_CARD),
            ],
        )
        workflow = self._add_workflow(platform, table)
        self._add_api(platform, table, workflow)
        self._add_consumer(platform, table, workflow)
        self._add_reconciler(platform, table, workflow)
        platform.add_outbox_relay(self, table)

    def _add_workflow(self, platform: Platform, table: dynamodb.TableV2) -> sfn.StateMachine:
        commands = platform.add_commands(
            self, handler="souk.ordering.command_handler.handler", table=table
        )
        platform.allow(commands, table, "GetItem", "Query", "PutItem", "UpdateItem")
        return platform.add_workflow(
            self,
            "Checkout",
            definition=CHECKOUT_DEFINITION,
            services=("Ordering", "Inventory", "Payment"),
        )

    def _add_api(
        self, platform: Platform, table: dynamodb.TableV2, workflow: sfn.StateMachine
    ) -> None:
        api = platform.add_api(
            self,
            handler="souk.ordering.api.handler",
            routes=ROUTES,
            table=table,
            env={"CHECKOUT_WORKFLOW_ARN": workflow.state_machine_arn},
        )
        platform.allow(api, table, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem")
        allow_on_executions(api, workflow, "GetExecutionHistory")

    def _add_consumer(
        self, platform: Platform, table: dynamodb.TableV2, workflow: sfn.StateMachine
    ) -> None:
        consumer = platform.subscribe(
            self,
            handler="souk.ordering.consumer.handler",
            subscriptions=SUBSCRIPTIONS,
            table=table,
            env={"CHECKOUT_WORKFLOW_ARN": workflow.state_machine_arn},
        )
        platform.allow(consumer, table, "GetItem", "PutItem", "UpdateItem")
        allow_start(consumer, workflow)

    def _add_reconciler(
        self, platform: Platform, table: dynamodb.TableV2, workflow: sfn.StateMachine
    ) -> None:
        reconciler = platform.add_schedule(
            self,
            "Reconciler",
            handler="souk.ordering.reconciler.handler",
            every=Duration.minutes(1),
            table=table,
            env={"CHECKOUT_WORKFLOW_ARN": workflow.state_machine_arn},
        )
        platform.allow(reconciler, table, "GetItem", "Query", "PutItem", "UpdateItem")
        allow_start(reconciler, workflow)
        allow_on_executions(reconciler, workflow, "DescribeExecution")
