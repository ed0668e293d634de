"""Lambda entry point of the commands: what one needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges.commands import commands
from souk.inventory import handlers
from souk.kernel import aws

handlers.inventory()
aws.dynamodb()
handler = commands(handlers.DOES)
