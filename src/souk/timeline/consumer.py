"""Lambda entry point of the event queue. Settings and clients are loaded at cold start."""

from __future__ import annotations

from souk.kernel import aws
from souk.timeline import handlers
from souk.timeline.batch_consumer import batch_consumer

handlers.timeline()
handlers.live_feed()
aws.dynamodb()
handler = batch_consumer(handlers.handle_events)
