"""Customers go first: what can wait lets their requests pass."""

import threading
from typing import Any

from ministack.services import apigateway

ASIDE = 1.0  # seconds that is waited at most


def customers_go_first() -> None:
    """AWS has room for everyone; here all share a few cores, so a crowd that checks out would
    wait for the workflows and the mails of those before it."""
    answer = apigateway.handle_execute

    async def counted(*args: Any, **kwargs: Any) -> Any:
        at_hand.come()
        try:
            return await answer(*args, **kwargs)
        finally:
            at_hand.go()

    apigateway.handle_execute = counted


class _Requests:
    """Those to the API that are being answered."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0
        self._moments = 0  # that there was none

    def come(self) -> None:
        with self._changed:
            self._number += 1

    def go(self) -> None:
        with self._changed:
            self._number -= 1
            if not self._number:
                self._moments += 1
                self._changed.notify_all()

    def let_pass(self) -> None:
        """Wait for a moment without any."""
        with self._changed:
            seen = self._moments
            self._changed.wait_for(lambda: not self._number or self._moments > seen, ASIDE)


at_hand = _Requests()
