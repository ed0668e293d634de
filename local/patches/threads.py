"""Threads: used again."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import SimpleNamespace
from typing import Any

from ministack.core import concurrency, lambda_runtime

MOST = 4_000  # never reached: calls wait for one of few workers, not for a thread

_threads = ThreadPoolExecutor(MOST, "souk")


def threads_are_used_again() -> None:
    """Upstream starts two threads for every call of a function, and the event loop waits until the
    first has begun: some sixty an order."""
    for module in (concurrency, lambda_runtime):
        module.threading = SimpleNamespace(**{**vars(threading), "Thread": _Thread})


class _Thread:
    """As much of `threading.Thread` as the engine uses."""

    def __init__(
        self, target: Callable[..., object], args: tuple[Any, ...] = (), **_options: object
    ) -> None:
        self._call = target, args
        self._running: Future[object] | None = None

    def start(self) -> None:
        target, args = self._call
        self._running = _threads.submit(target, *args)

    def join(self, timeout: float | None = None) -> None:
        if self._running:
            wait((self._running,), timeout)

    def is_alive(self) -> bool:
        return self._running is not None and not self._running.done()
