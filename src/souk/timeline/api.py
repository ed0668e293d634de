"""Lambda entry point of the HTTP API. Settings and clients are loaded at cold start."""

from __future__ import annotations

from souk.kernel import aws
from souk.runtime import http
from souk.timeline import handlers

handlers.timeline()
aws.dynamodb()
handler = http.api_handler(handlers.ROUTES)
