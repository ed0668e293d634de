"""Retries with jittered exponential backoff."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from souk.kernel.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ATTEMPTS = 6


def attempts() -> Iterator[None]:
    """Yields six times, with pauses of about 0.6 s in all, then raises Busy.

    The caller leaves the loop when an attempt succeeds.
    """
    for attempt in range(MAX_ATTEMPTS):
        yield
        time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  jitter, not a secret
    raise Busy("Too many concurrent updates of the same item. Try again.")
