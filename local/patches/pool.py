"""The function workers of the whole shop: how many there are, and who gives way to whom."""

import contextvars
import threading
import time
from typing import Any

from ministack.core import lambda_runtime as runtime
from ministack.services import lambda_svc

from local.patches.workers import closed

WORKERS = 40  # of all functions together, some 40 MB each
WORKERS_PER_FUNCTION = 2
RESTED = 1.0  # seconds a worker is left to a function that was just busy
STALLED = 5.0  # seconds without one worker coming free: those at work may wait for who waits here

Json = dict[str, Any]


def functions_share_few_workers() -> None:
    """Upstream starts one Python per concurrent call, without a bound.

    Beyond the bound a call now waits its turn, or gets the place of another function's worker
    that rests. A call made by a function never waits: its caller holds a worker, so waiting
    could close a circle. What it starts beyond the bound ends with the call.
    """
    runtime._lock = _turn
    lambda_svc._inbound_invoke_depth = _note_who_calls
    for module in (runtime, lambda_svc):
        module.acquire_worker = _acquire_worker
        module.release_worker = _release_worker


def idle_workers_end() -> None:
    """Upstream keeps one worker of every function for ever: 20 functions are 800 MB."""
    lambda_svc.reap_idle_workers = _end_idle_workers


def changed_functions_finish_their_calls() -> None:
    """Upstream ends the calls at work when their function changes, and lets a call that began
    before the change start a worker of the old code after it; AWS does neither."""
    runtime.kill_workers = _end_workers


_turn = threading.Condition()  # in place of upstream's lock: who holds it sees all workers at rest
_acquire, _release, _end = runtime.acquire_worker, runtime.release_worker, runtime.kill_workers
_inbound_depth = lambda_svc._inbound_invoke_depth
_called_by_a_function: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "called_by_a_function", default=False
)


def _note_who_calls(headers: dict[str, str]) -> int:
    is_awaited = headers.get("x-amz-invocation-type", "RequestResponse") == "RequestResponse"
    _called_by_a_function.set(is_awaited and lambda_svc._INVOKE_DEPTH_HEADER in headers)
    depth: int = _inbound_depth(headers)
    return depth


def _acquire_worker(
    name: str, config: Json, code: bytes, qualifier: str = "$LATEST"
) -> tuple[Any, str]:
    key = runtime._worker_key(name, config, qualifier)
    may_wait = not _called_by_a_function.get()
    with _turn:
        while (gone := _way_in(key, may_wait=may_wait)) is None and not closed.is_set():
            may_wait = _turn.wait(STALLED)
        if gone is None or closed.is_set():
            return None, "func_cap"  # to its caller: throttled
        for each in gone:
            _dismiss(each)
        worker, how = _acquire(name, config, code, qualifier)
        worker.pool, worker.held_by = key, threading.get_ident()
    runtime.kill_workers(gone)
    return worker, how


def _way_in(key: str, *, may_wait: bool) -> list[Any] | None:
    """The workers that end so that this function gets one; None if it has to wait."""
    own, everyone = runtime._workers.get(key, []), _everyone()
    if any(not worker.in_use for worker in own):
        return []
    if may_wait and len(own) >= WORKERS_PER_FUNCTION:
        return None
    if len(everyone) < WORKERS:
        return []
    # A function that has a worker takes no other's that is just as busy: they would take turns
    # at starting anew.
    since = time.time() - RESTED if own else time.time()
    rested = [each for each in everyone if not each.in_use and each.last_used <= since]
    if not rested:
        return None if may_wait else []
    return [min(rested, key=lambda worker: worker.last_used)]


def _everyone() -> list[Any]:
    return [worker for workers in runtime._workers.values() for worker in workers]


def _dismiss(worker: Any) -> None:
    workers = runtime._workers[worker.pool]
    workers.remove(worker)
    if not workers:
        del runtime._workers[worker.pool]


def _release_worker(worker: Any) -> None:
    gone = []
    with _turn:
        _release(worker)
        if worker is not None:
            worker.last_used = time.time()
            is_ours = worker in runtime._workers.get(worker.pool, [])
            if is_ours and (_is_outdated(worker) or len(_everyone()) > WORKERS):
                _dismiss(worker)
                is_ours = False
            gone = [] if is_ours else [worker]
        _turn.notify_all()
    runtime.kill_workers(gone)


def _is_outdated(worker: Any) -> bool:
    function = lambda_svc._functions.get(worker.func_name)
    if function is None or worker.config.get("Version", "$LATEST") != "$LATEST":
        return False
    revision = function["config"].get("RevisionId")
    return (worker.code_zip, worker.config.get("RevisionId")) != (function["code_zip"], revision)


def _end_workers(workers: list[Any]) -> None:
    """End them but for those at work for someone else, who end when they are released."""
    mine = threading.get_ident()
    _end([
        worker for worker in workers
        if closed.is_set() or not worker.in_use or worker.held_by == mine
    ])  # fmt: skip


def _end_idle_workers() -> None:
    with _turn:
        since = time.time() - runtime._LOCAL_WORKER_TTL
        idle = [each for each in _everyone() if not each.in_use and each.last_used <= since]
        for worker in idle:
            _dismiss(worker)
    runtime.kill_workers(idle)
