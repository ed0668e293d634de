"""Coming again when others were in the way, as AWS asks of its clients."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from souk.kernel.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIES = 6


def tries() -> Iterator[None]:
    """Six tries with growing, jittered pauses, some 0.6 s in all; then raises Busy."""
    for attempt in range(TRIES):
        yield
        time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  jitter, no secret
    raise Busy("too many others want the same thing; nothing was changed, please try again")
