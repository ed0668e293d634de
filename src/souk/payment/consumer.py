"""Lambda entry point of the event queue. Settings and clients are loaded at cold start."""

from __future__ import annotations

from souk.kernel import aws
from souk.payment import handlers
from souk.runtime.consumer import queue_consumer

handlers.provider()
aws.dynamodb()
handler = queue_consumer(handlers.SUBSCRIPTIONS)
