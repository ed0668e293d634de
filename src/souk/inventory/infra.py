"""Inventory's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from constructs import Construct

from infra.platform import index
from souk.inventory.handlers import HEARS, ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform


class Inventory(Construct):
    """A table, the API function for staff, the commands, the consumer, the sweep, the relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Inventory")
        table = platform.table(
            self,
            indexes=[index("by_shelf", "shelf", "sku"), index("by_lease", "lease", "lease_ends")],
        )
        api = platform.serve(self, handler="souk.inventory.api.handler", routes=ROUTES, table=table)
        commands = platform.answer(self, handler="souk.inventory.workflow.handler", table=table)
        consumer = platform.subscribe(
            self, handler="souk.inventory.consumer.handler", hears=HEARS, table=table
        )
        sweep = platform.repeat(
            self,
            "Leases",
            handler="souk.inventory.reconciler.handler",
            every=Duration.minutes(1),
            table=table,
        )
        change = ("GetItem", "BatchGetItem", "PutItem", "UpdateItem")
        platform.allow(api, table, "Query", *change)
        platform.allow(commands, table, *change)
        platform.allow(consumer, table, *change)
        platform.allow(sweep, table, "Query", *change)
        platform.publish(self, table)
