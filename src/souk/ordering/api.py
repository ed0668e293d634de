"""Lambda entry point of the routes: what a call needs is checked and made while it starts."""

from __future__ import annotations

from souk.edges import http
from souk.kernel import aws
from souk.ordering import handlers

handlers.orders()
handlers.runs()
aws.dynamodb()
handler = http.api(handlers.ROUTES)
