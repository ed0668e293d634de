"""The basket's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from souk.basket.handlers import HEARS, ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform


class Basket(Construct):
    """A table that forgets, the API function, the consumer of facts, the commands, the relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Basket")
        table = platform.table(self, ttl="expires_at")
        api = platform.serve(self, handler="souk.basket.api.handler", routes=ROUTES, table=table)
        consumer = platform.subscribe(
            self, handler="souk.basket.consumer.handler", hears=HEARS, table=table
        )
        platform.allow(
            api, table, "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"
        )
        platform.allow(consumer, table, "UpdateItem")
        commands = platform.answer(self, handler="souk.basket.workflow.handler", table=table)
        platform.allow(commands, table, "BatchGetItem")
        platform.publish(self, table)
