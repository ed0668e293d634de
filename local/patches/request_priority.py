"""Customers' requests have priority over work that can wait."""

import threading
import time
from typing import Any

from ministack.services import apigateway

EXECUTION_DELAY_SECONDS = 1.0  # at most, before a workflow starts
QUIET_SECONDS = 0.2  # without a request, before a batch is handled
BATCH_DELAY_SECONDS = 5.0  # at most, before a batch is handled


def prioritize_requests() -> None:
    """AWS has capacity for every request; here all work shares a few cores.

    Requests to APIs are now counted, and workflows and gathered batches wait while there are any.
    Otherwise a crowd at checkout would wait for the workflows and emails of earlier customers.
    """
    upstream = apigateway.handle_execute

    async def handle(*args: Any, **kwargs: Any) -> Any:
        api_requests.started()
        try:
            return await upstream(*args, **kwargs)
        finally:
            api_requests.finished()

    apigateway.handle_execute = handle


class _ApiRequests:
    """The API requests in progress."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._in_progress = 0
        self._idle_moments = 0  # how often the last request in progress finished
        self._last_finished = 0.0  # seconds, monotonic

    def started(self) -> None:
        with self._changed:
            self._in_progress += 1

    def finished(self) -> None:
        with self._changed:
            self._in_progress -= 1
            self._last_finished = time.monotonic()
            if not self._in_progress:
                self._idle_moments += 1
                self._changed.notify_all()

    def wait_until_idle(self) -> None:
        """Wait for a moment without requests, EXECUTION_DELAY_SECONDS at most."""
        with self._changed:
            seen = self._idle_moments
            self._changed.wait_for(
                lambda: not self._in_progress or self._idle_moments > seen, EXECUTION_DELAY_SECONDS
            )

    def wait_until_quiet(self) -> None:
        """Wait until there was no request for QUIET_SECONDS, BATCH_DELAY_SECONDS at most."""
        deadline = time.monotonic() + BATCH_DELAY_SECONDS
        while (now := time.monotonic()) < deadline:
            if not self._in_progress and now - self._last_finished >= QUIET_SECONDS:
                return
            time.sleep(QUIET_SECONDS / 4)


api_requests = _ApiRequests()
