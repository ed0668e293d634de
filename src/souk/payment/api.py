"""Lambda entry point of the webhooks: what a call needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges import http
from souk.kernel import aws
from souk.payment import handlers

handlers.provider()
aws.dynamodb()
handler = http.api(handlers.ROUTES)
