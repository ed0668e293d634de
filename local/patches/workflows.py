"""Step Functions: when executions start, how many run at once, how they retry, what is kept."""

import inspect
import random
import textwrap
import threading
from typing import Any

from ministack.services import stepfunctions as sfn

from local.patches import triggers
from local.patches.request_priority import api_requests

MAX_RUNNING_EXECUTIONS = 4
MAX_FINISHED_EXECUTIONS = 200

Json = dict[str, Any]


def start_executions_immediately() -> None:
    """MiniStack waits 150 ms before it starts an execution. The delay is removed."""
    source = textwrap.dedent(inspect.getsource(sfn._run_execution))
    delay = "    time.sleep(0.15)\n"
    if delay not in source:
        raise RuntimeError("MiniStack no longer delays executions; review this patch")
    exec(source.replace(delay, ""), vars(sfn))  # noqa: S102  MiniStack's own code


def limit_concurrent_executions() -> None:
    """MiniStack runs all executions at once: a thousand orders compete for the few workers until
    their tasks time out. AWS has a worker for each.

    Four executions now run at a time; one that waits, such as before a retry, lets another run.
    An execution starts after the customers' requests in progress, and runs no task while the shop
    stops.
    """
    run, task, sleep = sfn._run_execution, sfn._execute_task, sfn._scaled_sleep

    def run_in_turn(arn: str) -> None:
        with _slots:
            _thread.has_slot = True
            api_requests.wait_until_idle()
            run(arn)

    def run_task_when_serving(*args: Any) -> Any:
        triggers.serving.wait()
        return task(*args)

    def sleep_without_slot(seconds: float) -> None:
        if not getattr(_thread, "has_slot", False):
            return sleep(seconds)  # type: ignore[no-any-return]
        _slots.release()
        try:
            sleep(seconds)
            triggers.serving.wait()
        finally:
            _slots.acquire()

    sfn._run_execution = run_in_turn
    sfn._execute_task = run_task_when_serving
    sfn._scaled_sleep = sleep_without_slot


_slots = threading.Semaphore(MAX_RUNNING_EXECUTIONS)
_thread = threading.local()


def apply_retry_delays() -> None:
    """MiniStack ignores `MaxDelaySeconds` and `JitterStrategy` of a retrier, so executions that
    failed together retry together. AWS applies both."""
    upstream = sfn._find_matching_retrier

    def find(retriers: list[Json], error: str, counts: dict[int, int]) -> tuple[Json | None, int]:
        retrier, index = upstream(retriers, error, counts)
        if retrier is None:
            return None, index
        delay = retrier.get("IntervalSeconds", 1)
        delay *= retrier.get("BackoffRate", 2.0) ** counts.get(index, 0)
        delay = min(delay, retrier.get("MaxDelaySeconds", delay))
        if retrier.get("JitterStrategy") == "FULL":
            delay = random.uniform(0, delay)  # noqa: S311  jitter, no secret
        return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1}, index

    sfn._find_matching_retrier = find


def discard_old_executions() -> None:
    """MiniStack keeps every execution with all its events, in memory and in the saved state; AWS
    keeps it for 90 days.

    Only the last 200 finished executions are now kept.
    """
    upstream = sfn._run_execution

    def run(arn: str) -> None:
        upstream(arn)
        executions = sfn._executions._data
        with _discard_lock:
            finished = [
                key for key, execution in list(executions.items())
                if execution["status"] != "RUNNING"
            ]  # fmt: skip
            for key in finished[:-MAX_FINISHED_EXECUTIONS]:
                del executions[key]

    sfn._run_execution = run


_discard_lock = threading.Lock()
