"""Lambda entry point of the queue: what a batch needs is checked and made while it starts."""

from __future__ import annotations

from souk.journal import handlers
from souk.journal.listener import listener
from souk.kernel import aws

handlers.journal()
handlers.feed()
aws.dynamodb()
handler = listener(handlers.hear)
