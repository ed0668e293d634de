"""Lambda entry point of the queue: what a fact needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges.consumer import consumer
from souk.inventory import handlers
from souk.kernel import aws

handlers.inventory()
aws.dynamodb()
handler = consumer(handlers.HEARS)
