"""The journal's resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from infra.platform import Batches
from souk.journal.handlers import HEARS, ROUTES

if TYPE_CHECKING:
    from infra.platform import Platform

BATCHES = Batches(size=100, window_seconds=1)
"""A story may be a second behind; a run for every fact of every room would cost more than it."""


class Journal(Construct):
    """A table, the API function, and the consumer of every fact; it says nothing itself."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, "Journal")
        table = platform.table(self, ttl="expires_at")
        api = platform.serve(self, handler="souk.journal.api.handler", routes=ROUTES, table=table)
        consumer = platform.subscribe(
            self,
            handler="souk.journal.consumer.handler",
            hears=HEARS,
            table=table,
            batches=BATCHES,
        )
        platform.allow(api, table, "Query")
        platform.allow(consumer, table, "BatchWriteItem")
