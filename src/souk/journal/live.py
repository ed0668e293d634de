"""Lambda entry point of live connections: what one needs is checked and made while it starts."""

from __future__ import annotations

from souk.journal import handlers
from souk.journal.sockets import sockets
from souk.kernel import aws

handlers.gate()
aws.dynamodb()
handler = sockets(handlers.admit, handlers.forget)
