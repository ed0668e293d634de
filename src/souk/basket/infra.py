"""The AWS resources of the basket service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from souk.basket.handlers import ROUTES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from infra.platform import Platform


class Basket(Construct):
    """Table with TTL, API, event consumer, commands, outbox relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Basket")
        table = platform.add_table(self, ttl="expires_at")
        api = platform.add_api(self, handler="souk.basket.api.handler", routes=ROUTES, table=table)
        consumer = platform.subscribe(
            self, handler="souk.basket.consumer.handler", subscriptions=SUBSCRIPTIONS, table=table
        )
        platform.allow(
            api, table, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"
        )
        platform.allow(consumer, table, "UpdateItem")
        commands = platform.add_commands(
            self, handler="souk.basket.command_handler.handler", table=table
        )
        platform.allow(commands, table, "BatchGetItem")
        platform.add_outbox_relay(self, table)
