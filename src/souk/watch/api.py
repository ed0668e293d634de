"""Lambda entry point of the routes: what a call needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges import http
from souk.kernel import aws
from souk.watch import handlers

handlers.settings()
aws.sqs()
handler = http.api(handlers.ROUTES)
