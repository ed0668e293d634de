"""Runs work on many items with limited concurrency."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


async def run_concurrently(
    items: Sequence[ItemT], work: Callable[[ItemT], Awaitable[ResultT]], *, limit: int
) -> list[ResultT]:
    """The results in the order of the items, with at most `limit` items in progress.

    Items are started in order. The first exception cancels the rest and is raised.
    """
    results: dict[int, ResultT] = {}
    queue = iter(enumerate(items))

    async def worker() -> None:
        for index, item in queue:
            results[index] = await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(limit):
                group.create_task(worker())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [results[index] for index in range(len(items))]
