"""What a shop that stays open must not pile up."""

import threading
from collections import deque
from typing import Any

from ministack.services import cloudwatch_logs, eventbridge, lambda_svc

CALLS_KEPT = 500  # of each function, in its log

Json = dict[str, Any]


def events_are_not_hoarded() -> None:
    """Upstream keeps every event ever put, in memory, and never looks at one again."""
    nothing: deque[object] = deque(maxlen=0)
    eventbridge._events_log_list = lambda: nothing


def logs_are_bounded() -> None:
    """Upstream begins a log stream with every call and keeps them all, whatever the retention."""
    upstream = lambda_svc._emit_lambda_logs
    one_at_a_time = threading.Lock()

    def emit(function: Json, *args: Any, **kwargs: Any) -> None:
        with one_at_a_time:
            upstream(function, *args, **kwargs)
            streams = cloudwatch_logs._log_groups[_group_of(function)]["streams"]
            while len(streams) > CALLS_KEPT:
                del streams[next(iter(streams))]

    lambda_svc._emit_lambda_logs = emit


def _group_of(function: Json) -> str:
    config = function.get("config") or function
    wanted: str | None = (config.get("LoggingConfig") or {}).get("LogGroup")
    return wanted or f"/aws/lambda/{config.get('FunctionName', 'unknown')}"
