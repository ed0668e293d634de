"""Lambda entry point of the commands. Settings and clients are loaded at cold start."""

from __future__ import annotations

from souk.kernel import aws
from souk.payment import handlers
from souk.runtime.commands import command_handler

handlers.provider()
aws.dynamodb()
handler = command_handler(handlers.COMMANDS)
