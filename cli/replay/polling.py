"""Polls the shop with growing pauses until an expected effect is visible."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final, TypeVar

from cli.replay.client import OutcomeUnknown

FIRST_PAUSE_SECONDS: Final = 0.02
MAX_PAUSE_SECONDS: Final = 1.0
PAUSE_GROWTH: Final = 1.5

FoundT = TypeVar("FoundT")


async def poll_until_found(
    effect: str, find: Callable[[], Awaitable[FoundT | None]], *, timeout_seconds: float
) -> FoundT:
    """Call `find` until it returns something else than None, and return that.

    Raises OutcomeUnknown after the timeout; the message names the `effect`.
    """
    deadline, pause = perf_counter() + timeout_seconds, FIRST_PAUSE_SECONDS
    while (found := await find()) is None:
        if perf_counter() + pause > deadline:
            raise OutcomeUnknown(f"{effect} did not happen within {timeout_seconds:g} seconds")
        await asyncio.sleep(pause)
        pause = min(MAX_PAUSE_SECONDS, pause * PAUSE_GROWTH)
    return found
