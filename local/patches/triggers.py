"""Stream and queue triggers: when they run, and how they fail."""

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import _request_account_id, _request_region
from ministack.services import dynamodb, lambda_svc, sqs

from local.patches import requests

# A stream's trigger that took its batch rests so many times as long as that took, at most as
# long as on AWS, where a stream is looked at four times a second.
TIMES_AT_REST, LONGEST_REST = 6, 0.25

Json = dict[str, Any]

# Set while the engine can answer the functions it calls; triggers rest otherwise.
serving = threading.Event()


def triggers_rest_unless_serving() -> None:
    """Upstream polls while its state is still being loaded, and while it is being saved."""
    for name in ("_poll_sqs", "_poll_kinesis", "_poll_dynamodb_streams"):
        setattr(lambda_svc, name, _if_serving(getattr(lambda_svc, name)))


def _if_serving(upstream: Callable[[], bool]) -> Callable[[], bool]:
    return lambda: serving.is_set() and upstream()


def stream_triggers_fail_like_aws() -> None:
    """Upstream runs all stream triggers one after the other on the thread that also polls the
    queues, and ignores partial batch responses, retry limits and bisection."""
    lambda_svc._poll_dynamodb_streams = _poll_streams
    # A relay that works beside the poller wakes it in vain when it deletes its rows; upstream's
    # pause of 50 ms after such a wake would now delay every message behind it.
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0.005


_attempts: dict[str, int] = {}
_widths: dict[str, int] = {}


def _poll_streams() -> bool:
    found = False
    for account, region, trigger in lambda_svc._iter_all_esms():
        context = contextvars.copy_context()
        context.run(_request_account_id.set, account)
        context.run(_request_region.set, region)
        found = context.run(_start_stream_batch, trigger) or found
    return found


def _start_stream_batch(trigger: Json) -> bool:
    uuid, table = trigger["UUID"], _table_of(trigger)
    resting = lambda_svc._esm_backoff_until.get(uuid, 0) > time.time()
    if not (table and trigger.get("Enabled", True)) or resting or uuid in lambda_svc._esm_inflight:
        return False
    batch = dynamodb.stream_records_since(table, _position(trigger, table), 1)
    if batch:
        lambda_svc._dispatch_esm_batch(uuid, _run_and_rest, trigger, table)
    return bool(batch)


def _table_of(trigger: Json) -> str | None:
    source = trigger.get("EventSourceArn", "")
    if ":dynamodb:" not in source:
        return None
    name: str = source.split(":table/", 1)[1].split("/", 1)[0]
    table = dynamodb._tables.get(name)
    return name if table and table.get("LatestStreamArn") == source else None


def _position(trigger: Json, table: str) -> int:
    horizon: int = dynamodb.stream_start_position(table)
    lambda_svc._init_stream_position(
        trigger["UUID"], trigger["EventSourceArn"], trigger.get("StartingPosition", "LATEST")
    )
    read: int = lambda_svc._dynamodb_stream_positions[trigger["UUID"]]
    return max(horizon, read)


def _run_and_rest(trigger: Json, table: str) -> None:
    """Who is busy gathers: a crowd's rows would otherwise be relayed one by one, at several times
    the work."""
    began = time.monotonic()
    _run_stream_batch(trigger, table)
    _rest(trigger, min(LONGEST_REST, TIMES_AT_REST * (time.monotonic() - began)))


def _run_stream_batch(trigger: Json, table: str) -> None:
    uuid, position = trigger["UUID"], _position(trigger, table)
    width = _widths.get(uuid, int(trigger.get("BatchSize", 100)))
    records = dynamodb.stream_records_since(table, position, width)
    wanted = lambda_svc._apply_filter_criteria(records, trigger)
    function, _ = lambda_svc._get_func_record_for_qualifier(
        trigger["FunctionName"], trigger.get("Qualifier")
    )
    if function is None:
        return
    result = lambda_svc._execute_function(function, {"Records": wanted}) if wanted else {}
    done = _records_done(result, records, trigger)
    if done < len(records) and _is_given_up(trigger, records[done:], done, result):
        lambda_svc._send_ddb_stream_failure_record(
            trigger, function, records[done:], trigger["EventSourceArn"], result,
            "RetryAttemptsExhausted",
        )  # fmt: skip
        done = len(records)
    if done == len(records):
        _attempts.pop(uuid, None)
        _widths.pop(uuid, None)
    else:
        lambda_svc._esm_backoff_until[uuid] = time.time() + lambda_svc._ESM_BACKOFF_SECONDS
    lambda_svc._dynamodb_stream_positions[uuid] = position + done


def _records_done(result: Json, records: list[Json], trigger: Json) -> int:
    if result.get("error") or result.get("throttle"):
        return 0
    body = result.get("body")
    reports = "ReportBatchItemFailures" in trigger.get("FunctionResponseTypes", [])
    if not reports or not isinstance(body, dict):
        return len(records)
    failed = {item.get("itemIdentifier") for item in body.get("batchItemFailures") or []}
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return min((i for i, number in enumerate(numbers) if number in failed), default=len(records))


def _is_given_up(trigger: Json, left: list[Json], done: int, result: Json) -> bool:
    uuid = trigger["UUID"]
    if trigger.get("BisectBatchOnFunctionError") and result.get("error") and len(left) > 1:
        _widths[uuid] = len(left) // 2
        return False
    _attempts[uuid] = 1 if done else _attempts.get(uuid, 0) + 1
    retries = int(trigger.get("MaximumRetryAttempts", -1))
    age = int(trigger.get("MaximumRecordAgeInSeconds", -1))
    oldest = float(left[0]["dynamodb"]["ApproximateCreationDateTime"])
    return _attempts[uuid] > retries >= 0 or 0 < age < time.time() - oldest


def batches_are_gathered() -> None:
    """Upstream knows no batching window, and no batch of more than ten messages: a function that
    would rather have many at once is called for every one."""
    receive, run = sqs._receive_messages_for_esm, lambda_svc._run_sqs_batch

    def all_there_is(queue_url: str, size: int) -> list[Json]:
        batch: list[Json] = []
        while len(batch) < size and (more := receive(queue_url, size - len(batch))):
            batch += more
        return batch

    def run_and_rest(
        trigger: Json, function: Json, event: Json, batch: list[Json], *where: Any
    ) -> None:
        window = int(trigger.get("MaximumBatchingWindowInSeconds", 0))
        gathers = window and len(batch) < int(trigger.get("BatchSize", 10))
        until = time.monotonic() + window
        if gathers:
            _rest(trigger, window)
        if window:
            requests.at_hand.let_all_pass()
        run(trigger, function, event, batch, *where)
        if gathers:  # again: upstream's own rest has just ended
            _rest(trigger, until - time.monotonic())

    sqs._receive_messages_for_esm, lambda_svc._run_sqs_batch = all_there_is, run_and_rest


def _rest(trigger: Json, seconds: float) -> None:
    """Leave what comes meanwhile for one batch."""
    if seconds <= 0:
        return
    resting, uuid = lambda_svc._esm_backoff_until, trigger["UUID"]
    resting[uuid] = max(time.time() + seconds, resting.get(uuid, 0))
    waking = threading.Timer(seconds, lambda_svc._esm_wake.set)
    waking.daemon = True
    waking.start()
