"""Lambda entry point of the commands: what one needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges.commands import commands
from souk.kernel import aws
from souk.ordering import handlers

handlers.orders()
aws.dynamodb()
handler = commands(handlers.DOES)
