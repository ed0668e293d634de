"""Event source mappings ("triggers") of streams and queues: when they run, and how they fail."""

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb, lambda_svc, sqs

from local.patches.request_priority import api_requests

# After a batch, a stream's trigger pauses for a multiple of the time the batch took, but no longer
# than on AWS, which polls a stream four times a second.
PAUSE_FACTOR, MAX_PAUSE_SECONDS = 6, 0.25
POLL_GAP_SECONDS = 0.005

Json = dict[str, Any]

serving = threading.Event()
"""Set while the engine can answer the functions it invokes; triggers pause otherwise."""


def pause_triggers_unless_serving() -> None:
    """MiniStack polls while it still loads its state, and while it saves it.

    A function invoked then could not call AWS, or would change state that is being saved.
    """
    for name in ("_poll_sqs", "_poll_kinesis", "_poll_dynamodb_streams"):
        setattr(lambda_svc, name, _if_serving(getattr(lambda_svc, name)))


def _if_serving(upstream: Callable[[], bool]) -> Callable[[], bool]:
    return lambda: serving.is_set() and upstream()


# -- streams ------------------------------------------------------------------------------------


def handle_stream_failures_like_aws() -> None:
    """MiniStack runs all stream triggers one after the other on the thread that polls the queues,
    and ignores partial batch responses, retry limits and bisection.

    Each stream's batch now runs on its own thread and fails as on AWS. MiniStack also pauses for
    50 ms after a wake-up without work; a relay causes one whenever it deletes rows, which would
    delay every message behind it, so the pause is 5 ms.
    """
    lambda_svc._poll_dynamodb_streams = _poll_streams
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = POLL_GAP_SECONDS


_attempts: dict[str, int] = {}
"""Failed attempts at the oldest unread record, by trigger."""

_bisected_sizes: dict[str, int] = {}
"""The batch size after a bisection, by trigger."""


def _poll_streams() -> bool:
    """Starts the batches that are due. Returns whether there were any."""
    has_started = False
    for account, region, trigger in lambda_svc._iter_all_esms():
        context = contextvars.copy_context()
        context.run(_request_account_id.set, account)
        context.run(_request_region.set, region)
        has_started = context.run(_start_stream_batch, trigger) or has_started
    return has_started


def _start_stream_batch(trigger: Json) -> bool:
    uuid, table = trigger["UUID"], _table(trigger)
    is_paused = lambda_svc._esm_backoff_until.get(uuid, 0) > time.time()
    is_enabled = trigger.get("Enabled", True)
    if not (table and is_enabled) or is_paused or uuid in lambda_svc._esm_inflight:
        return False
    records = dynamodb.stream_records_since(table, _position(trigger, table), 1)
    if records:
        lambda_svc._dispatch_esm_batch(uuid, _run_and_pause, trigger, table)
    return bool(records)


def _table(trigger: Json) -> str | None:
    """The table whose current stream the trigger reads."""
    source = trigger.get("EventSourceArn", "")
    if ":dynamodb:" not in source:
        return None
    name: str = source.split(":table/", 1)[1].split("/", 1)[0]
    table = dynamodb._tables.get(name)
    return name if table and table.get("LatestStreamArn") == source else None


def _position(trigger: Json, table: str) -> int:
    """The first position to read; records before the start of the stream are lost."""
    start: int = dynamodb.stream_start_position(table)
    lambda_svc._init_stream_position(
        trigger["UUID"], trigger["EventSourceArn"], trigger.get("StartingPosition", "LATEST")
    )
    position: int = lambda_svc._dynamodb_stream_positions[trigger["UUID"]]
    return max(start, position)


def _run_and_pause(trigger: Json, table: str) -> None:
    """Pauses after the batch, so that a busy stream fills the next one.

    Without a pause, the outbox rows of a crowd would be relayed one by one, at several times the
    work.
    """
    started = time.monotonic()
    _run_stream_batch(trigger, table)
    _pause(trigger, min(MAX_PAUSE_SECONDS, PAUSE_FACTOR * (time.monotonic() - started)))


def _run_stream_batch(trigger: Json, table: str) -> None:
    uuid, position = trigger["UUID"], _position(trigger, table)
    size = _bisected_sizes.get(uuid, int(trigger.get("BatchSize", 100)))
    records = dynamodb.stream_records_since(table, position, size)
    matching = lambda_svc._apply_filter_criteria(records, trigger)
    function, _ = lambda_svc._get_func_record_for_qualifier(
        trigger["FunctionName"], trigger.get("Qualifier")
    )
    if function is None:
        return
    result = lambda_svc._execute_function(function, {"Records": matching}) if matching else {}
    done = _count_done(result, records, trigger)
    if done < len(records) and _is_exhausted(trigger, records[done:], done, result):
        lambda_svc._send_ddb_stream_failure_record(
            trigger, function, records[done:], trigger["EventSourceArn"], result,
            "RetryAttemptsExhausted",
        )  # fmt: skip
        done = len(records)
    if done == len(records):
        _attempts.pop(uuid, None)
        _bisected_sizes.pop(uuid, None)
    else:
        lambda_svc._esm_backoff_until[uuid] = time.time() + lambda_svc._ESM_BACKOFF_SECONDS
    lambda_svc._dynamodb_stream_positions[uuid] = position + done


def _count_done(result: Json, records: list[Json], trigger: Json) -> int:
    """How many records were handled: all before the first one reported as failed."""
    if result.get("error") or result.get("throttle"):
        return 0
    body = result.get("body")
    reports_failures = "ReportBatchItemFailures" in trigger.get("FunctionResponseTypes", [])
    if not reports_failures or not isinstance(body, dict):
        return len(records)
    failed = {item.get("itemIdentifier") for item in body.get("batchItemFailures") or []}
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return min((i for i, number in enumerate(numbers) if number in failed), default=len(records))


def _is_exhausted(trigger: Json, failed: list[Json], done: int, result: Json) -> bool:
    """Whether the failed records have used up their attempts or are too old.

    Halves the batch size for the next attempt if the trigger bisects.
    """
    uuid = trigger["UUID"]
    if trigger.get("BisectBatchOnFunctionError") and result.get("error") and len(failed) > 1:
        _bisected_sizes[uuid] = len(failed) // 2
        return False
    _attempts[uuid] = 1 if done else _attempts.get(uuid, 0) + 1
    max_retries = int(trigger.get("MaximumRetryAttempts", -1))
    max_age_seconds = int(trigger.get("MaximumRecordAgeInSeconds", -1))
    age_seconds = time.time() - float(failed[0]["dynamodb"]["ApproximateCreationDateTime"])
    return _attempts[uuid] > max_retries >= 0 or 0 < max_age_seconds < age_seconds


# -- queues -------------------------------------------------------------------------------------


def apply_batching_windows() -> None:
    """MiniStack ignores MaximumBatchingWindowInSeconds and delivers at most ten messages a batch,
    so a function that wants many at once is invoked for every one.

    The window and the batch size now apply as on AWS. Batches with a window also wait while
    customers' requests are in progress, see `request_priority`.
    """
    receive, run = sqs._receive_messages_for_esm, lambda_svc._run_sqs_batch

    def receive_batch(queue_url: str, max_number: int) -> list[Json]:
        batch: list[Json] = []
        while len(batch) < max_number and (more := receive(queue_url, max_number - len(batch))):
            batch += more
        return batch

    def run_batch(
        trigger: Json, function: Json, event: Json, batch: list[Json], *rest: Any
    ) -> None:
        window = int(trigger.get("MaximumBatchingWindowInSeconds", 0))
        is_partial = window and len(batch) < int(trigger.get("BatchSize", 10))
        window_end = time.monotonic() + window
        if is_partial:
            _pause(trigger, window)
        if window:
            api_requests.wait_until_quiet()
        run(trigger, function, event, batch, *rest)
        if is_partial:  # MiniStack resets the pause after a batch
            _pause(trigger, window_end - time.monotonic())

    sqs._receive_messages_for_esm, lambda_svc._run_sqs_batch = receive_batch, run_batch


def _pause(trigger: Json, seconds: float) -> None:
    """Start no batch of the trigger for that long, and wake the poller afterwards."""
    if seconds <= 0:
        return
    paused_until, uuid = lambda_svc._esm_backoff_until, trigger["UUID"]
    paused_until[uuid] = max(time.time() + seconds, paused_until.get(uuid, 0))
    timer = threading.Timer(seconds, lambda_svc._esm_wake.set)
    timer.daemon = True
    timer.start()
