"""Function workers: how many, how long they live, what their calls cost."""

import contextvars
import hashlib
import io
import os
import queue
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime as runtime
from ministack.services import lambda_svc

WORKERS_PER_FUNCTION = 4

Json = dict[str, Any]

# Set once no function may start any more, so that the state written down is one moment's.
closed = threading.Event()


def close() -> None:
    """From now on no function starts, and those at work are ended."""
    closed.set()
    runtime.reset()


def logs_end_with_a_mark() -> None:
    """Upstream waits 50 ms for log lines after each call; a quiet handler pays all of it.

    The worker now closes each call's log with a mark, so the engine neither waits nor
    gives a late line to the next call.
    """
    edit_worker("handler_fn(event, context)", "_souk_call(handler_fn, event, context)")
    runtime._PYTHON_WORKER_SCRIPT = _MARKED_CALL + runtime._PYTHON_WORKER_SCRIPT
    runtime.Worker._drain_stderr_bounded = _read_log


_END_OF_LOG = "\x1esouk-end-of-log"
_LOG_PATIENCE = 0.25  # a worker that died writes no mark

_MARKED_CALL = f"""
def _souk_call(handler, event, context):
    import sys
    try:
        return handler(event, context)
    finally:
        print({_END_OF_LOG!r}, file=sys.stderr, flush=True)

"""


def _read_log(worker: Any) -> str:
    lines: list[str] = []
    deadline = time.monotonic() + _LOG_PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = worker._stderr_queue.get(timeout=left)
        except queue.Empty:
            break
        if line == _END_OF_LOG:
            break
        lines.append(line)
    return "\n".join(lines)


def edit_worker(old: str, new: str) -> None:
    if old not in runtime._PYTHON_WORKER_SCRIPT:
        raise RuntimeError(f"MiniStack's worker no longer contains {old!r}; review local/patches")
    runtime._PYTHON_WORKER_SCRIPT = runtime._PYTHON_WORKER_SCRIPT.replace(old, new)


def exceptions_leave_the_worker_alive() -> None:
    """Upstream kills the worker when a handler raises, so the next call pays a cold start.

    On AWS an exception ends the call, not the environment.
    """
    edit_worker(
        '{"status": "error", "error": str(e), "trace"',
        '{"status": "ok", "raised": True, "error": str(e), "trace"',
    )
    upstream = runtime.Worker.invoke

    def invoke(worker: Any, *args: Any, **kwargs: Any) -> Json:
        answer: Json = upstream(worker, *args, **kwargs)
        if answer.pop("raised", False):
            answer["status"] = "error"
        return answer

    runtime.Worker.invoke = invoke


def functions_share_few_workers() -> None:
    """Upstream starts one Python per concurrent call, without a bound.

    Beyond the bound a call now waits its turn. A call made by a function never waits: its
    caller holds a worker, so waiting could close a circle; therefore every wait ends.
    """
    lambda_svc._inbound_invoke_depth = _note_who_calls
    for module in (runtime, lambda_svc):
        module.acquire_worker = _acquire_worker
        module.release_worker = _release_worker


_turn = threading.Condition()
_acquire, _release = runtime.acquire_worker, runtime.release_worker
_inbound_depth = lambda_svc._inbound_invoke_depth
_called_by_a_function: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "called_by_a_function", default=False
)


def _note_who_calls(headers: dict[str, str]) -> int:
    _called_by_a_function.set(lambda_svc._INVOKE_DEPTH_HEADER in headers)
    depth: int = _inbound_depth(headers)
    return depth


def _acquire_worker(
    name: str, config: Json, code: bytes, qualifier: str = "$LATEST"
) -> tuple[Any, str]:
    bound = None if _called_by_a_function.get() else WORKERS_PER_FUNCTION
    with _turn:
        while not closed.is_set():
            worker, how = _acquire(name, config, code, qualifier, bound)
            if worker is not None:
                return worker, how
            _turn.wait()
    return None, "func_cap"  # to its caller: throttled


def _release_worker(worker: Any) -> None:
    _release(worker)
    with _turn:
        _turn.notify_all()


def layers_are_unpacked_once() -> None:
    """Upstream unpacks the whole layer again for every worker, and so compiles it again."""
    upstream = runtime.Worker._spawn

    def spawn(worker: Any) -> None:
        config = worker.config
        folders = [_unpacked(ref) for ref in config.get("Layers", [])]
        variables = dict(config.get("Environment", {}).get("Variables", {}))
        variables["_LAMBDA_LAYERS_DIRS"] = os.pathsep.join(folders)
        worker.config = {**config, "Layers": [], "Environment": {"Variables": variables}}
        try:
            upstream(worker)
        finally:
            worker.config = config

    runtime.Worker._spawn = spawn


_unpacking = threading.Lock()


def _unpacked(layer: str | Json) -> str:
    content: bytes = lambda_svc._resolve_layer_zip(layer)
    folder = Path(tempfile.gettempdir(), "layers", hashlib.sha256(content).hexdigest()[:32])
    with _unpacking:
        if not folder.exists():
            half = folder.with_suffix(".half")
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(half)
            half.rename(folder)
    return str(folder)


def failures_are_not_told_to_callers() -> None:
    """Upstream answers an API's caller with the exception's text; AWS says only that it failed."""
    upstream = lambda_svc.lambda_execute_result_to_api_proxy_response

    def to_response(result: Json) -> tuple[Json | None, str | None]:
        if result.get("error") and not result.get("throttle"):
            return {"statusCode": 500, "body": '{"message":"Internal Server Error"}'}, None
        return upstream(result)  # type: ignore[no-any-return]

    lambda_svc.lambda_execute_result_to_api_proxy_response = to_response
