"""Customers go first: what can wait lets their requests pass."""

import threading
import time
from typing import Any

from ministack.services import apigateway

ASIDE = 1.0  # seconds a workflow waits at most before it begins
QUIET, FAR_ASIDE = 0.2, 5.0  # seconds without a request that a batch waits for, and at most


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
        self._last = 0.0

    def come(self) -> None:
        with self._changed:
            self._number += 1

    def go(self) -> None:
        with self._changed:
            self._number -= 1
            self._last = time.monotonic()
            if not self._number:
                self._moments += 1
                self._changed.notify_all()

    def let_pass(self) -> None:
        """Wait for a moment without any."""
        with self._changed:
            seen = self._moments
            self._changed.wait_for(lambda: not self._number or self._moments > seen, ASIDE)

    def let_all_pass(self) -> None:
        """Wait until there has been none for a while."""
        until = time.monotonic() + FAR_ASIDE
        while (now := time.monotonic()) < until and (self._number or now - self._last < QUIET):
            time.sleep(QUIET / 4)


at_hand = _Requests()
