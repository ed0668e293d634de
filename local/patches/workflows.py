"""Step Functions: executions that begin at once, take turns and are forgotten."""

import inspect
import random
import textwrap
import threading
from typing import Any

from ministack.services import stepfunctions as sfn

from local.patches import requests, triggers

EXECUTIONS_AT_ONCE = 4
EXECUTIONS_KEPT = 200

Json = dict[str, Any]


def executions_begin_at_once() -> None:
    """Upstream waits 150 ms before every execution."""
    source = textwrap.dedent(inspect.getsource(sfn._run_execution))
    waits = "    time.sleep(0.15)\n"
    if waits not in source:
        raise RuntimeError("MiniStack's executions no longer begin late; review local/patches")
    exec(source.replace(waits, ""), vars(sfn))  # noqa: S102  upstream's own text, less one line


def executions_take_turns() -> None:
    """Upstream walks all executions at once: a thousand orders compete for the same few workers
    until their tasks time out, although nothing is wrong.

    Few are walked at once, each as far as it goes; one that waits lets others pass. None begins
    before the customers who just call. While the shop closes none takes another step.
    """
    run, task, sleep = sfn._run_execution, sfn._execute_task, sfn._scaled_sleep

    def in_turn(arn: str) -> None:
        with _turns:
            _mine.turn = True
            requests.at_hand.let_pass()
            run(arn)

    def when_serving(*args: Any) -> Any:
        triggers.serving.wait()
        return task(*args)

    def aside(seconds: float) -> None:
        if not getattr(_mine, "turn", False):
            return sleep(seconds)  # type: ignore[no-any-return]
        _turns.release()
        try:
            sleep(seconds)
            triggers.serving.wait()
        finally:
            _turns.acquire()

    sfn._run_execution, sfn._execute_task, sfn._scaled_sleep = in_turn, when_serving, aside


_turns = threading.Semaphore(EXECUTIONS_AT_ONCE)
_mine = threading.local()


def retries_wait_as_written() -> None:
    """Upstream knows neither `MaxDelaySeconds` nor `JitterStrategy`: those who failed together
    come again together."""
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


def old_executions_are_forgotten() -> None:
    """Upstream keeps every execution with all its events, in memory and in what is saved; AWS
    for 90 days. A day of orders would never leave again."""
    upstream = sfn._run_execution

    def run(arn: str) -> None:
        upstream(arn)
        kept = sfn._executions._data
        with _forgetting:
            over = [key for key, each in list(kept.items()) if each["status"] != "RUNNING"]
            for key in over[:-EXECUTIONS_KEPT]:
                del kept[key]

    sfn._run_execution = run


_forgetting = threading.Lock()
