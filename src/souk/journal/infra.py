"""The journal's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from infra.platform import Batches
from souk.journal.handlers import HEARS, ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform

BATCHES = Batches(size=500, window_seconds=1)
"""A story may be a second behind; a run for every fact of every room would cost more than it."""


class Journal(Construct):
    """A table, the API function, the consumer of every fact, and a WebSocket API on which those
    who watch are told; it says nothing itself."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Journal")
        table = platform.table(self, ttl="expires_at")
        api = platform.serve(self, handler="souk.journal.api.handler", routes=ROUTES, table=table)
        live, connect = platform.connect(self, handler="souk.journal.live.handler", table=table)
        consumer = platform.subscribe(
            self,
            handler="souk.journal.consumer.handler",
            hears=HEARS,
            table=table,
            env={"LIVE_ENDPOINT": live.endpoint},
            batches=BATCHES,
        )
        platform.allow(api, table, "Query", "PutItem")
        platform.allow(connect, table, "PutItem", "DeleteItem")
        platform.allow(consumer, table, "BatchWriteItem", "Query", "DeleteItem")
        live.allow_to_post(consumer)
