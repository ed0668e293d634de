"""Lambda entry point of the routes: what a call needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges import http
from souk.journal import handlers
from souk.kernel import aws

handlers.journal()
aws.dynamodb()
handler = http.api(handlers.ROUTES)
