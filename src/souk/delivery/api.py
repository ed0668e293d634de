"""Lambda entry point of the routes: what a call needs is checked and made while it starts."""

from __future__ import annotations

from souk.delivery import handlers
from souk.edges import http
from souk.kernel import aws

handlers.options()
handlers.shipments()
aws.dynamodb()
handler = http.api(handlers.ROUTES)
