"""Lambda workers: the processes that run functions, from their start to their end."""

import hashlib
import io
import os
import queue
import re
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime as runtime
from ministack.services import lambda_svc

NICENESS = 10

Json = dict[str, Any]

closed = threading.Event()
"""Set when no function may start any more, so that the saved state is consistent."""


def close() -> None:
    """Start no more functions, and end those at work."""
    closed.set()
    runtime.reset()


def _edit_worker_script(old: str, new: str) -> None:
    """Replace text in the program that each worker runs."""
    if old not in runtime._PYTHON_WORKER_SCRIPT:
        raise RuntimeError(f"MiniStack's worker no longer contains {old!r}; review this patch")
    runtime._PYTHON_WORKER_SCRIPT = runtime._PYTHON_WORKER_SCRIPT.replace(old, new)


# -- logs ---------------------------------------------------------------------------------------


def mark_end_of_log() -> None:
    """MiniStack waits 50 ms after each call for log lines; a function that logs nothing pays all
    of it, and a late line ends up in the log of the next call.

    The worker now ends each call's log with a marker line, so the engine knows when it is complete.
    """
    _edit_worker_script("handler_fn(event, context)", "_souk_call(handler_fn, event, context)")
    runtime._PYTHON_WORKER_SCRIPT = _CALL_WITH_MARKER + runtime._PYTHON_WORKER_SCRIPT
    runtime.Worker._drain_stderr_bounded = _read_log


_END_OF_LOG = "\x1esouk-end-of-log"
_LOG_TIMEOUT_SECONDS = 0.25  # a worker that died writes no marker

_CALL_WITH_MARKER = f"""
def _souk_call(handler, event, context):
    import sys
    try:
        return handler(event, context)
    finally:
        print({_END_OF_LOG!r}, file=sys.stderr, flush=True)

"""


def _read_log(worker: Any) -> str:
    lines: list[str] = []
    deadline = time.monotonic() + _LOG_TIMEOUT_SECONDS
    while (remaining := deadline - time.monotonic()) > 0:
        try:
            line = worker._stderr_queue.get(timeout=remaining)
        except queue.Empty:
            break
        if line == _END_OF_LOG:
            break
        lines.append(line)
    return "\n".join(lines)


# -- exceptions ---------------------------------------------------------------------------------


def keep_workers_after_exceptions() -> None:
    """MiniStack kills the worker when a handler raises, so the next call pays a cold start.

    On AWS, an exception ends the call but not the execution environment. Now the worker reports a
    success with a flag, which keeps it alive, and the engine turns that into an error.
    """
    _edit_worker_script(
        '{"status": "error", "error": str(e), "trace"',
        '{"status": "ok", "raised": True, "error": str(e), "trace"',
    )
    upstream = runtime.Worker.invoke

    def invoke(worker: Any, *args: Any, **kwargs: Any) -> Json:
        response: Json = upstream(worker, *args, **kwargs)
        if response.pop("raised", False):
            response["status"] = "error"
        return response

    runtime.Worker.invoke = invoke


def report_exception_types() -> None:
    """MiniStack reports every exception as `Runtime.HandlerError`; AWS reports its class.

    Workflows retry and catch errors by that name, so it is now passed on.
    """
    _edit_worker_script(
        '"error": str(e), "trace"', '"error": str(e), "name": type(e).__name__, "trace"'
    )
    upstream_invoke, upstream_execute = runtime.Worker.invoke, lambda_svc._execute_function_warm
    raised = threading.local()

    def invoke(worker: Any, *args: Any, **kwargs: Any) -> Json:
        response: Json = upstream_invoke(worker, *args, **kwargs)
        raised.name = response.pop("name", None)
        return response

    def execute(*args: Any) -> Json:
        raised.name = None
        result: Json = upstream_execute(*args)
        if result.get("error") and raised.name:
            result["body"]["errorType"] = raised.name
        return result

    runtime.Worker.invoke = invoke
    lambda_svc._execute_function_warm = execute


def hide_errors_from_api_callers() -> None:
    """MiniStack answers an API's caller with the exception's text and status 502.

    AWS answers 500 and `Internal Server Error`; the text may contain personal data.
    """
    upstream = lambda_svc.lambda_execute_result_to_api_proxy_response

    def to_response(result: Json) -> tuple[Json | None, str | None]:
        if result.get("error") and not result.get("throttle"):
            return {"statusCode": 500, "body": '{"message":"Internal Server Error"}'}, None
        return upstream(result)  # type: ignore[no-any-return]

    lambda_svc.lambda_execute_result_to_api_proxy_response = to_response


# -- processes ----------------------------------------------------------------------------------


def end_workers_with_engine() -> None:
    """MiniStack's workers notice only between two calls that the engine was killed.

    Each worker now has a thread that ends it when the engine's end of its stdin is closed.
    """
    _edit_worker_script(
        "    init = json.loads(sys.stdin.readline())\n",
        "    _souk_end_with_engine()\n    init = json.loads(sys.stdin.readline())\n",
    )
    runtime._PYTHON_WORKER_SCRIPT = _END_WITH_ENGINE + runtime._PYTHON_WORKER_SCRIPT


_END_WITH_ENGINE = """
def _souk_end_with_engine():
    import os, select, threading
    engine = select.poll()
    engine.register(0, 0)  # stdin; without an event mask, poll reports only that it was closed
    def watch():
        engine.poll()
        os._exit(1)
    threading.Thread(target=watch, daemon=True).start()

"""


def lower_worker_priority() -> None:
    """MiniStack runs workers at the engine's priority. All of them wait for the engine, which is
    one process: a worker that takes the CPU from it delays all others.

    Workers now run at a niceness of 10.
    """
    _edit_worker_script(
        "    init = json.loads(", f"    os.nice({NICENESS})\n    init = json.loads("
    )


def rewrite_api_endpoints() -> None:
    """MiniStack passes functions an API's endpoint as it is on AWS, where this API does not exist.

    Such endpoints in a function's environment variables now point to the engine.
    """
    upstream = runtime.Worker._spawn
    endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/_aws/execute-api"

    def spawn(worker: Any) -> None:
        environment = worker.config.get("Environment", {})
        variables = {
            name: _AWS_ENDPOINT.sub(rf"{endpoint}/\1", value)
            for name, value in environment.get("Variables", {}).items()
        }
        worker.config = {**worker.config, "Environment": {**environment, "Variables": variables}}
        upstream(worker)

    runtime.Worker._spawn = spawn


_AWS_ENDPOINT = re.compile(r"^https://([a-z0-9]+)\.execute-api\.[a-z0-9.-]+(?=/)")


def unpack_code_once() -> None:
    """MiniStack unpacks code and layers for every worker, and Python compiles them each time, so a
    cold start grows with the code of the whole shop. On AWS it is fast.

    Each archive is now unpacked once, into a folder that all workers share.
    """
    upstream = runtime.Worker._spawn

    def spawn(worker: Any) -> None:
        config, code = worker.config, worker.code_zip
        layers = map(lambda_svc._resolve_layer_zip, config.get("Layers", []))
        folders = [_unpack(archive) for archive in (*layers, code)]  # the last is searched first
        variables = dict(config.get("Environment", {}).get("Variables", {}))
        variables["_LAMBDA_LAYERS_DIRS"] = os.pathsep.join(folders)
        worker.config = {**config, "Layers": [], "Environment": {"Variables": variables}}
        worker.code_zip = _EMPTY_ARCHIVE
        try:
            upstream(worker)
        finally:
            worker.config, worker.code_zip = config, code

    runtime.Worker._spawn = spawn


_EMPTY_ARCHIVE = b"PK\5\6" + bytes(18)
_unpack_lock = threading.Lock()


def _unpack(archive: bytes) -> str:
    name = hashlib.sha256(archive).hexdigest()[:32]
    folder = Path(tempfile.gettempdir(), "unpacked", name)
    with _unpack_lock:
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            with zipfile.ZipFile(io.BytesIO(archive)) as files:
                files.extractall(partial)
            partial.rename(folder)
    return str(folder)
