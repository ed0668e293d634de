"""Looks at the shop again and again, less and less often, until what must happen has happened."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final, TypeVar

from cli.replay.client import Lost

FIRST_LOOK: Final = 0.02
LONGEST_LOOK: Final = 1.0

Found = TypeVar("Found")


async def until(what: str, look: Callable[[], Awaitable[Found | None]], *, within: float) -> Found:
    """What `look` finds, once it finds something; Lost when it does not within so many seconds."""
    deadline, pause = perf_counter() + within, FIRST_LOOK
    while (found := await look()) is None:
        if perf_counter() + pause > deadline:
            raise Lost(f"{what} did not happen within {within:g} seconds")
        await asyncio.sleep(pause)
        pause = min(LONGEST_LOOK, pause * 1.5)
    return found
