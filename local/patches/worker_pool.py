"""The pool of Lambda workers: how many there are, which calls wait, and which workers end."""

import contextvars
import threading
import time
from typing import Any

from ministack.core import lambda_runtime as runtime
from ministack.services import lambda_svc

from local.patches.workers import closed

MAX_WORKERS = 40
"""Limit for all functions together; a worker is a process of some 40 MB.

Calls made by functions may exceed this limit and the next one.
"""

MAX_WORKERS_PER_FUNCTION = 2

MIN_IDLE_SECONDS = 1.0
"""A function that has a worker gets another by replacing one that was idle for this long.

A function without a worker may replace any idle worker.
"""

STALL_SECONDS = 5.0
"""A call that waited this long without any release no longer waits, and may exceed the limits.

The calls at work may be waiting for it.
"""

Json = dict[str, Any]


def share_function_workers() -> None:
    """MiniStack starts a Python process for each concurrent call, without a limit. AWS has room for
    them; a laptop does not.

    At the limit, a call now waits for a worker, or replaces the idle worker of another function.
    A call by a function that waits for the result never waits for a worker: its caller holds one,
    so waiting could deadlock. It may exceed the limits; while there are more than MAX_WORKERS, each
    released worker ends.
    """
    runtime._lock = _condition
    lambda_svc._inbound_invoke_depth = _note_caller
    for module in (runtime, lambda_svc):
        module.acquire_worker = _acquire_worker
        module.release_worker = _release_worker


def end_idle_workers() -> None:
    """MiniStack keeps one worker of every function for ever, a process of some 40 MB.

    Every idle worker now ends after `LAMBDA_WARM_TTL_SECONDS`, as on AWS after some minutes.
    Needs `share_function_workers`.
    """
    lambda_svc.reap_idle_workers = _end_idle_workers


def finish_calls_of_changed_functions() -> None:
    """When a function changes, MiniStack ends its calls at work, and a call that started waiting
    before the change may start a worker with the old code after it. AWS does neither.

    A worker at work now ends when its call is done, and one with old code is not used again.
    Needs `share_function_workers`.
    """
    runtime.kill_workers = _kill_unused_workers


_condition = threading.Condition()
"""Replaces MiniStack's lock: its holder sees all workers unchanged. Notified by each release."""

_upstream_acquire, _upstream_release = runtime.acquire_worker, runtime.release_worker
_upstream_kill = runtime.kill_workers
_upstream_depth = lambda_svc._inbound_invoke_depth
_is_called_by_function: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "is_called_by_function", default=False
)


def _note_caller(headers: dict[str, str]) -> int:
    """Notes whether a function waits for the result of this call."""
    is_synchronous = headers.get("x-amz-invocation-type", "RequestResponse") == "RequestResponse"
    _is_called_by_function.set(is_synchronous and lambda_svc._INVOKE_DEPTH_HEADER in headers)
    depth: int = _upstream_depth(headers)
    return depth


def _acquire_worker(
    name: str, config: Json, code: bytes, qualifier: str = "$LATEST"
) -> tuple[Any, str]:
    pool_key = runtime._worker_key(name, config, qualifier)
    may_wait = not _is_called_by_function.get()
    with _condition:
        while (
            replaced := _find_place(pool_key, may_wait=may_wait)
        ) is None and not closed.is_set():
            may_wait = _condition.wait(STALL_SECONDS)  # False after a timeout
        if replaced is None or closed.is_set():
            return None, "func_cap"  # MiniStack reports it as throttling
        for worker in replaced:
            _remove_from_pool(worker)
        worker, origin = _upstream_acquire(name, config, code, qualifier)
        worker.pool, worker.held_by = pool_key, threading.get_ident()
    runtime.kill_workers(replaced)
    return worker, origin


def _find_place(pool_key: str, *, may_wait: bool) -> list[Any] | None:
    """The workers to end before this function gets one; often an empty list. None: it must wait."""
    own, all_workers = runtime._workers.get(pool_key, []), _all_workers()
    if any(not worker.in_use for worker in own):
        return []
    if may_wait and len(own) >= MAX_WORKERS_PER_FUNCTION:
        return None
    if len(all_workers) < MAX_WORKERS:
        return []
    # Two functions that are both busy must not replace each other's workers in turns.
    used_before = time.time() - MIN_IDLE_SECONDS if own else time.time()
    idle = [
        worker for worker in all_workers
        if not worker.in_use and worker.last_used <= used_before
    ]  # fmt: skip
    if not idle:
        return None if may_wait else []
    return [min(idle, key=lambda worker: worker.last_used)]


def _all_workers() -> list[Any]:
    return [worker for workers in runtime._workers.values() for worker in workers]


def _remove_from_pool(worker: Any) -> None:
    workers = runtime._workers[worker.pool]
    workers.remove(worker)
    if not workers:
        del runtime._workers[worker.pool]


def _release_worker(worker: Any) -> None:
    ended = []
    with _condition:
        _upstream_release(worker)
        if worker is not None:
            worker.last_used = time.time()
            is_pooled = worker in runtime._workers.get(worker.pool, [])
            if is_pooled and (_is_outdated(worker) or len(_all_workers()) > MAX_WORKERS):
                _remove_from_pool(worker)
                is_pooled = False
            ended = [] if is_pooled else [worker]
        _condition.notify_all()
    runtime.kill_workers(ended)


def _is_outdated(worker: Any) -> bool:
    """Whether the function has changed since the worker was started."""
    function = lambda_svc._functions.get(worker.func_name)
    if function is None or worker.config.get("Version", "$LATEST") != "$LATEST":
        return False
    revision = function["config"].get("RevisionId")
    return (worker.code_zip, worker.config.get("RevisionId")) != (function["code_zip"], revision)


def _kill_unused_workers(workers: list[Any]) -> None:
    """Kills them, except those at work for another thread; they end when they are released."""
    this_thread = threading.get_ident()
    _upstream_kill([
        worker for worker in workers
        if closed.is_set() or not worker.in_use or worker.held_by == this_thread
    ])  # fmt: skip


def _end_idle_workers() -> None:
    with _condition:
        used_before = time.time() - runtime._LOCAL_WORKER_TTL
        idle = [
            worker for worker in _all_workers()
            if not worker.in_use and worker.last_used <= used_before
        ]  # fmt: skip
        for worker in idle:
            _remove_from_pool(worker)
    runtime.kill_workers(idle)
