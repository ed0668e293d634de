"""Lambda entry point of the queue: what a fact needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges.consumer import consumer
from souk.kernel import aws
from souk.payment import handlers

handlers.provider()
aws.dynamodb()
handler = consumer(handlers.HEARS)
