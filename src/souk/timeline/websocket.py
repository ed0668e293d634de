"""Lambda entry point of the WebSocket API. Settings and clients are loaded at cold start."""

from __future__ import annotations

from souk.kernel import aws
from souk.timeline import handlers
from souk.timeline.websocket_handler import websocket_handler

handlers.connections()
aws.dynamodb()
handler = websocket_handler(handlers.connect, handlers.disconnect)
