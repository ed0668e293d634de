"""The AWS resources of the inventory service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from constructs import Construct

from infra.platform import index
from souk.inventory.handlers import ROUTES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from infra.platform import Platform


class Inventory(Construct):
    """Table, staff API, commands, event consumer, reconciler of holds, outbox relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Inventory")
        table = platform.add_table(
            self,
            indexes=[
                index("by_sku", "stock_list", "sku"),
                index("by_lease", "lease", "lease_expires_at"),
            ],
        )
        api = platform.add_api(
            self, handler="souk.inventory.api.handler", routes=ROUTES, table=table
        )
        commands = platform.add_commands(
            self, handler="souk.inventory.command_handler.handler", table=table
        )
        consumer = platform.subscribe(
            self,
            handler="souk.inventory.consumer.handler",
            subscriptions=SUBSCRIPTIONS,
            table=table,
        )
        reconciler = platform.add_schedule(
            self,
            "HoldExpiry",
            handler="souk.inventory.reconciler.handler",
            every=Duration.minutes(1),
            table=table,
        )
        read_and_write = ("GetItem", "BatchGetItem", "PutItem", "UpdateItem")
        platform.allow(api, table, "Query", *read_and_write)
        platform.allow(commands, table, *read_and_write)
        platform.allow(consumer, table, *read_and_write)
        platform.allow(reconciler, table, "Query", *read_and_write)
        platform.add_outbox_relay(self, table)
