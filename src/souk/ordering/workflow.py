"""Lambda entry point of the checkout workflow's own steps: what a call needs is made at start."""

from __future__ import annotations

from souk.edges.commands import commands
from souk.kernel import aws
from souk.ordering import handlers

handlers.orders()
aws.dynamodb()
handler = commands(handlers.DOES)
