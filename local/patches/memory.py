"""Memory: what a long-running shop must not accumulate."""

import threading
from collections import deque
from typing import Any

from ministack.services import cloudwatch_logs, eventbridge, lambda_svc

MAX_LOG_STREAMS = 500  # per function; each call has one

Json = dict[str, Any]


def discard_delivered_events() -> None:
    """MiniStack keeps every event put on a bus in memory and never reads it again.

    Delivered events are now discarded, as on AWS without an archive.
    """
    discarding: deque[object] = deque(maxlen=0)
    eventbridge._events_log_list = lambda: discarding


def limit_log_streams() -> None:
    """MiniStack starts a log stream for every call of a function and keeps all of them, whatever
    the retention of the log group; AWS deletes what is older than the retention.

    Only the last 500 calls of each function are now kept.
    """
    upstream = lambda_svc._emit_lambda_logs
    lock = threading.Lock()

    def emit(function: Json, *args: Any, **kwargs: Any) -> None:
        with lock:
            upstream(function, *args, **kwargs)
            streams = cloudwatch_logs._log_groups[_log_group(function)]["streams"]
            while len(streams) > MAX_LOG_STREAMS:
                del streams[next(iter(streams))]

    lambda_svc._emit_lambda_logs = emit


def _log_group(function: Json) -> str:
    config = function.get("config") or function
    configured: str | None = (config.get("LoggingConfig") or {}).get("LogGroup")
    return configured or f"/aws/lambda/{config.get('FunctionName', 'unknown')}"
