"""Lambda entry point of the queue: what a fact needs is checked and made while it starts."""

from __future__ import annotations

from souk.delivery import handlers
from souk.edges.consumer import consumer
from souk.kernel import aws

handlers.shipments()
aws.dynamodb()
handler = consumer(handlers.HEARS)
