"""Ordering's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from infra.platform import index
from souk.ordering.handlers import HEARS, ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform

CARD = ["status", "subtotal", "total", "currency", "line_count", "placed_at"]


class Ordering(Construct):
    """A table with each owner's orders, the API function, the consumer, the relay."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Ordering")
        table = platform.table(self, indexes=[index("by_owner", "owner", "order_id", *CARD)])
        api = platform.serve(self, handler="souk.ordering.api.handler", routes=ROUTES, table=table)
        consumer = platform.subscribe(
            self, handler="souk.ordering.consumer.handler", hears=HEARS, table=table
        )
        platform.allow(api, table, "Query")
        platform.allow(consumer, table, "PutItem")
        platform.publish(self, table)
