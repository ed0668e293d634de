"""A client of the live feed, over a real WebSocket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    RejectConnection,
    Request,
    TextMessage,
)

TIMEOUT_SECONDS = 20.0  # for the handshake and for each message


class WebSocketClient:
    """Connects to `path`. `is_accepted` tells whether the server accepted the connection."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._events = self._receive()
        self._send(Request(host=f"127.0.0.1:{port}", target=path))
        self.is_accepted = isinstance(next(self._events), AcceptConnection)

    def messages(self) -> Iterator[dict[str, Any]]:
        """The messages as they arrive. Raises TimeoutError when none arrives in time."""
        for event in self._events:
            if isinstance(event, TextMessage):
                yield json.loads(event.data)

    def close(self) -> None:
        self._send(CloseConnection(code=1000))
        self._socket.close()

    def _send(self, event: Event) -> None:
        self._socket.sendall(self._connection.send(event))

    def _receive(self) -> Iterator[Event]:
        while received := self._socket.recv(65_536):
            self._connection.receive_data(received)
            for event in self._connection.events():
                yield event
                if isinstance(event, RejectConnection | CloseConnection):
                    return
