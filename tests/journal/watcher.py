"""A member of staff who watches the shop live, over a real WebSocket."""

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

PATIENCE = 20.0  # seconds for one message


class Watcher:
    """Connects to `path`; `admitted` says whether it was let in."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._events = self._arriving()
        self._send(Request(host="127.0.0.1", target=path))
        self.admitted = isinstance(next(self._events), AcceptConnection)

    def messages(self) -> Iterator[dict[str, Any]]:
        """What is told, as it comes; TimeoutError when nothing does."""
        for event in self._events:
            if isinstance(event, TextMessage):
                yield json.loads(event.data)

    def close(self) -> None:
        self._send(CloseConnection(code=1000))
        self._socket.close()

    def _send(self, event: Event) -> None:
        self._socket.sendall(self._connection.send(event))

    def _arriving(self) -> Iterator[Event]:
        while received := self._socket.recv(65_536):
            self._connection.receive_data(received)
            for event in self._connection.events():
                yield event
                if isinstance(event, RejectConnection | CloseConnection):
                    return
