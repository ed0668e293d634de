"""The AWS resources of the timeline service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from infra.platform import Batching
from souk.timeline.handlers import ROUTES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from infra.platform import Platform

BATCHING = Batching(size=500, window_seconds=1)
"""A timeline may be a second behind. Without batching, each event would cost an invocation."""


class Timeline(Construct):
    """Table with TTL, API, consumer of all events, WebSocket API of the live feed.

    It publishes no events.
    """

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Timeline")
        table = platform.add_table(self, ttl="expires_at")
        api = platform.add_api(
            self, handler="souk.timeline.api.handler", routes=ROUTES, table=table
        )
        websocket_api, websocket_function = platform.add_websocket(
            self, handler="souk.timeline.websocket.handler", table=table
        )
        consumer = platform.subscribe(
            self,
            handler="souk.timeline.consumer.handler",
            subscriptions=SUBSCRIPTIONS,
            table=table,
            env={"WEBSOCKET_ENDPOINT": websocket_api.endpoint},
            batching=BATCHING,
        )
        platform.allow(api, table, "Query", "PutItem")
        platform.allow(websocket_function, table, "PutItem", "DeleteItem")
        platform.allow(consumer, table, "BatchWriteItem", "Query", "DeleteItem")
        websocket_api.allow_post(consumer)
