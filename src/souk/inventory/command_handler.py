"""Lambda entry point of the commands. Settings and clients are loaded at cold start."""

from __future__ import annotations

from souk.inventory import handlers
from souk.kernel import aws
from souk.runtime.commands import command_handler

handlers.inventory()
aws.dynamodb()
handler = command_handler(handlers.COMMANDS)
