"""Lambda entry point of the commands: what one needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges.commands import commands
from souk.kernel import aws
from souk.payment import handlers

handlers.provider()
aws.dynamodb()
handler = commands(handlers.DOES)
