"""Ordering's resources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import Duration
from constructs import Construct

from infra import workflows
from infra.platform import index
from souk.ordering.handlers import HEARS, ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform

CARD = ["status", "subtotal", "total", "currency", "line_count", "placed_at", "reason"]
CHECKOUT = Path(__file__).with_name("checkout.asl.json")


class Ordering(Construct):
    """A table with each owner's orders, the API function, the consumer, the checkout workflow
    with what starts it and sees to it, the relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Ordering")
        table = platform.table(
            self,
            indexes=[
                index("by_owner", "owner", "order_id", *CARD),
                index("open_orders", "open", "placed_at", "order_id", "run", "correlation_id"),
            ],
        )
        api = platform.serve(self, handler="souk.ordering.api.handler", routes=ROUTES, table=table)
        commands = platform.answer(self, handler="souk.ordering.workflow.handler", table=table)
        checkout = platform.orchestrate(
            self, "Checkout", definition=CHECKOUT, asks=("Ordering", "Inventory", "Payment")
        )
        env = {"CHECKOUT_ARN": checkout.state_machine_arn}
        consumer = platform.subscribe(
            self, handler="souk.ordering.consumer.handler", hears=HEARS, table=table, env=env
        )
        reconciler = platform.repeat(
            self,
            "Reconciler",
            handler="souk.ordering.reconciler.handler",
            every=Duration.minutes(1),
            table=table,
            env=env,
        )
        platform.allow(api, table, "Query")
        platform.allow(commands, table, "Query", "GetItem", "PutItem", "UpdateItem")
        platform.allow(consumer, table, "PutItem")
        platform.allow(reconciler, table, "Query", "UpdateItem")
        for function in (consumer, reconciler):
            workflows.allow_to_start(function, checkout)
        platform.publish(self, table)
