"""Lambda entry point of the HTTP API. Settings and clients are loaded at cold start."""

from __future__ import annotations

from souk.catalog import handlers
from souk.kernel import aws
from souk.runtime import http

handlers.products()
aws.dynamodb()
handler = http.api_handler(handlers.ROUTES)
