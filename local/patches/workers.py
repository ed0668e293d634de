"""Function workers: what they are made of, what their calls cost, and when they end."""

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

NICE = 10

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
    _edit_worker("handler_fn(event, context)", "_souk_call(handler_fn, event, context)")
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


def _edit_worker(old: str, new: str) -> None:
    """Change the program each worker runs."""
    if old not in runtime._PYTHON_WORKER_SCRIPT:
        raise RuntimeError(f"MiniStack's worker no longer contains {old!r}; review local/patches")
    runtime._PYTHON_WORKER_SCRIPT = runtime._PYTHON_WORKER_SCRIPT.replace(old, new)


def exceptions_leave_the_worker_alive() -> None:
    """Upstream kills the worker when a handler raises, so the next call pays a cold start.

    On AWS an exception ends the call, not the environment.
    """
    _edit_worker(
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


def failures_keep_their_name() -> None:
    """Upstream calls every exception `Runtime.HandlerError`; AWS calls it by its class, and by
    that name a workflow retries and catches it."""
    _edit_worker('"error": str(e), "trace"', '"error": str(e), "name": type(e).__name__, "trace"')
    invoke, execute = runtime.Worker.invoke, lambda_svc._execute_function_warm
    raised = threading.local()

    def invoke_and_note(worker: Any, *args: Any, **kwargs: Any) -> Json:
        answer: Json = invoke(worker, *args, **kwargs)
        raised.name = answer.pop("name", None)
        return answer

    def execute_and_name(*args: Any) -> Json:
        raised.name = None
        result: Json = execute(*args)
        if result.get("error") and raised.name:
            result["body"]["errorType"] = raised.name
        return result

    runtime.Worker.invoke = invoke_and_note
    lambda_svc._execute_function_warm = execute_and_name


def workers_end_with_the_engine() -> None:
    """Upstream's workers notice only between two calls that the engine was killed."""
    _edit_worker(
        "    init = json.loads(sys.stdin.readline())\n",
        "    _souk_end_with_the_engine()\n    init = json.loads(sys.stdin.readline())\n",
    )
    runtime._PYTHON_WORKER_SCRIPT = _WATCHING + runtime._PYTHON_WORKER_SCRIPT


_WATCHING = """
def _souk_end_with_the_engine():
    import os, select, threading
    engine = select.poll()
    engine.register(0, 0)  # stdin: only that its other end has gone is told
    def watch():
        engine.poll()
        os._exit(1)
    threading.Thread(target=watch, daemon=True).start()

"""


def workers_give_way() -> None:
    """The engine answers all of them and is one process: whoever takes the processor from it while
    it holds Python's lock keeps everybody waiting."""
    _edit_worker("    init = json.loads(", f"    os.nice({NICE})\n    init = json.loads(")


def functions_find_apis_here() -> None:
    """A function is told an API's address as it is on AWS; here the engine has all of them."""
    upstream = runtime.Worker._spawn
    here = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/_aws/execute-api"

    def spawn(worker: Any) -> None:
        environment = worker.config.get("Environment", {})
        told = {
            name: _API.sub(rf"{here}/\1", value)
            for name, value in environment.get("Variables", {}).items()
        }
        worker.config = {**worker.config, "Environment": {**environment, "Variables": told}}
        upstream(worker)

    runtime.Worker._spawn = spawn


_API = re.compile(r"^https://([a-z0-9]+)\.execute-api\.[a-z0-9.-]+(?=/)")


def code_is_unpacked_once() -> None:
    """Upstream unpacks code and layers again for every worker, and so compiles them again: a
    function's cold start grew with the shop, although it is quick on AWS."""
    upstream = runtime.Worker._spawn

    def spawn(worker: Any) -> None:
        config, code = worker.config, worker.code_zip
        layers = map(lambda_svc._resolve_layer_zip, config.get("Layers", []))
        folders = [_unpacked(content) for content in (*layers, code)]  # the last is looked in first
        variables = dict(config.get("Environment", {}).get("Variables", {}))
        variables["_LAMBDA_LAYERS_DIRS"] = os.pathsep.join(folders)
        worker.config = {**config, "Layers": [], "Environment": {"Variables": variables}}
        worker.code_zip = _NOTHING
        try:
            upstream(worker)
        finally:
            worker.config, worker.code_zip = config, code

    runtime.Worker._spawn = spawn


_NOTHING = b"PK\5\6" + bytes(18)  # an archive without files
_unpacking = threading.Lock()


def _unpacked(content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()[:32]
    folder = Path(tempfile.gettempdir(), "unpacked", name)
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
