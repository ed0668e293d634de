"""Lambda entry point of the commands: what one needs is checked and made while it starts."""

from __future__ import annotations

from souk.basket import handlers
from souk.edges.commands import commands
from souk.kernel import aws

handlers.baskets()
aws.dynamodb()
handler = commands(handlers.DOES)
