"""Threads: reused instead of started for every call."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import SimpleNamespace
from typing import Any

from ministack.core import concurrency, lambda_runtime

MAX_THREADS = 4_000  # never reached: calls wait for a worker before they need so many threads

_pool = ThreadPoolExecutor(MAX_THREADS, "souk")


def reuse_threads() -> None:
    """MiniStack starts two threads for every call of a function, some sixty per order, and the
    event loop waits until the first one runs.

    Threads now come from a pool.
    """
    for module in (concurrency, lambda_runtime):
        module.threading = SimpleNamespace(**{**vars(threading), "Thread": _PooledThread})


class _PooledThread:
    """The part of `threading.Thread` that MiniStack uses."""

    def __init__(
        self, target: Callable[..., object], args: tuple[Any, ...] = (), **_options: object
    ) -> None:
        self._target, self._args = target, args
        self._future: Future[object] | None = None

    def start(self) -> None:
        self._future = _pool.submit(self._target, *self._args)

    def join(self, timeout: float | None = None) -> None:
        if self._future:
            wait((self._future,), timeout)

    def is_alive(self) -> bool:
        return self._future is not None and not self._future.done()
