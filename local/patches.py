"""What the shop needs of MiniStack 1.5.33 and upstream does not do: one function, one reason each.

Import this only after the engine's settings are in the environment: the engine reads
them while it is imported.
"""

import contextvars
import hashlib
import io
import json
import os
import queue
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core import lambda_runtime as runtime
from ministack.core.responses import (
    AccountRegionScopedDict,
    _request_account_id,
    _request_region,
)
from ministack.services import (
    dynamodb,
    eventbridge,
    lambda_svc,
    sns,
    sqs,
)
from ministack.services.cloudformation import provisioners

WORKERS_PER_FUNCTION = 4

Json = dict[str, Any]

# Set while the engine can answer the functions it calls; triggers rest otherwise.
serving = threading.Event()
# Set once no function may start any more, so that the state written down is one moment's.
closed = threading.Event()


def close() -> None:
    """From now on no function starts, and those at work are ended."""
    closed.set()
    runtime.reset()


def apply() -> None:
    """Close every gap; call it once, before the engine starts."""
    for patch in PATCHES:
        patch()


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
    if old not in runtime._PYTHON_WORKER_SCRIPT:
        raise RuntimeError(
            f"MiniStack's worker no longer contains {old!r}; review local/patches.py"
        )
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


def tables_expire_their_items() -> None:
    """Upstream ignores TimeToLiveSpecification in a template."""
    for kind in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        handlers = provisioners._RESOURCE_HANDLERS[kind]
        handlers["create"] = _with_ttl(handlers["create"], properties=1)
        handlers["update"] = _with_ttl(handlers["update"], properties=2)


def _with_ttl(upstream: Callable[..., Any], properties: int) -> Callable[..., Any]:
    def provision(*args: Any, **kwargs: Any) -> Any:
        result = upstream(*args, **kwargs)
        name, spec = result[0], args[properties].get("TimeToLiveSpecification") or {}
        enabled = str(spec.get("Enabled", False)).lower() == "true"
        dynamodb._ttl_settings[name] = {
            "TimeToLiveStatus": "ENABLED" if enabled else "DISABLED",
            **({"AttributeName": spec["AttributeName"]} if enabled else {}),
        }
        return result

    return provision


def expressions_are_parsed_once() -> None:
    """Upstream parses and checks a condition anew for every item of a partition, which makes a
    page of 20 out of 20,000 items cost half a second."""
    upstream = dynamodb._evaluate_condition

    @lru_cache(maxsize=512)
    def tokens_of(expression: str) -> list[tuple[str, Any]]:
        return dynamodb._tokenize(expression)  # type: ignore[no-any-return]

    known_good: set[tuple[str, str]] = set()

    def evaluate(
        expression: str, item: Json, values: Json, names: Json, slot: str = "ConditionExpression"
    ) -> bool:
        if (expression, slot) in known_good:
            try:
                tokens = list(tokens_of(expression))
                return bool(dynamodb._ExprEval(tokens, item, values, names).evaluate())
            except ValueError:
                pass  # let upstream say it in AWS's words
        answer = bool(upstream(expression, item, values, names, slot=slot))
        if "BETWEEN" not in (expression or "").upper():  # its bounds are checked with the values
            known_good.add((expression, slot))
        return answer

    dynamodb._evaluate_condition = evaluate


def queues_have_one_lock() -> None:
    """Upstream rebuilds a queue's list in one thread while another appends: a message is lost."""
    lock = sqs._queues_lock = threading.RLock()
    for module, names in _TOUCHING_QUEUES.items():
        for name in names:
            upstream = getattr(module, name)
            locked = _locked(lock, upstream)
            setattr(module, name, locked)
            for action, handler in sqs._HANDLERS.items():
                if handler is upstream:
                    sqs._HANDLERS[action] = locked


_TOUCHING_QUEUES: dict[Any, tuple[str, ...]] = {
    sqs: (
        "_act_send_message", "_act_delete_message", "_act_delete_message_batch",
        "_act_purge_queue", "_collect_msgs", "_dlq_sweep", "_expire_retained",
    ),
    eventbridge: ("_dispatch_to_sqs",),
    sns: ("_deliver_to_sqs",),
    lambda_svc: ("_route_async_failure", "_send_ddb_stream_failure_record"),
}  # fmt: skip


def _locked(lock: Any, upstream: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return upstream(*args, **kwargs)

    return call


def streams_survive_a_restart() -> None:
    """Upstream saves the triggers' positions but not the records: after a restart a trigger
    waits until as many records as before have come again.

    What no trigger has read yet is saved with the tables, under its absolute position.
    """
    save, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state() -> Json:
        return {**save(), "souk_streams": _unread_records()}

    def load_persisted_state(state: Json) -> None:
        load(state)
        for scope, table, first, records in state.get("souk_streams", []):
            dynamodb._stream_records.set_scoped(*scope, table, records)
            dynamodb._stream_trimmed.set_scoped(*scope, table, first)

    dynamodb.get_state = get_state
    dynamodb.load_persisted_state = load_persisted_state


def _unread_records() -> list[tuple[tuple[str, str], str, int, list[Json]]]:
    unread = []
    for (account, region, table), records in dynamodb._stream_records.all_items():
        start = dynamodb._trimmed_count(table, account, region)
        first = max(
            start, min(_positions(account, region, table, start), default=start + len(records))
        )
        unread.append(((account, region), table, first, records[first - start :]))
    return unread


def _positions(account: str, region: str, table: str, unknown: int) -> list[int]:
    positions: AccountRegionScopedDict = lambda_svc._dynamodb_stream_positions
    return [
        positions.get_scoped(account, region, trigger["UUID"], unknown)
        for owner, where, trigger in lambda_svc._iter_all_esms()
        if (owner, where) == (account, region)
        and f":table/{table}/stream/" in trigger.get("EventSourceArn", "")
    ]


def interrupted_messages_return_at_once() -> None:
    """Upstream keeps a message hidden for the rest of its visibility timeout over a restart,
    although whoever received it is gone."""
    load = sqs.load_persisted_state

    def load_persisted_state(state: Json) -> None:
        load(state)
        for held in sqs._queues.all_values():
            for message in held["messages"]:
                if message.get("receive_count"):
                    message["visible_at"] = 0

    sqs.load_persisted_state = load_persisted_state


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
        lambda_svc._dispatch_esm_batch(uuid, _run_stream_batch, trigger, table)
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


def loopback_counts_as_private() -> None:
    """Queues refuse what does not come over TLS; at home there is only loopback, without TLS."""
    pin = iam_evaluator.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, True)


def policies_see_who_speaks() -> None:
    """Upstream never fills `events:source`, by which a relay may say only its own room's facts."""
    upstream = iam_actions.request_tag_context

    def keys(service: str, action: str, body: bytes, params: Json) -> Json:
        found: Json = upstream(service, action, body, params)
        if action == "events:PutEvents":
            sources = {entry.get("Source", "") for entry in json.loads(body).get("Entries", [])}
            found["events:source"] = sources.pop() if len(sources) == 1 else sorted(sources)
        return found

    iam_actions.request_tag_context = keys


PATCHES: tuple[Callable[[], None], ...] = (
    loopback_counts_as_private,
    policies_see_who_speaks,
    logs_end_with_a_mark,
    exceptions_leave_the_worker_alive,
    functions_share_few_workers,
    layers_are_unpacked_once,
    failures_are_not_told_to_callers,
    tables_expire_their_items,
    expressions_are_parsed_once,
    queues_have_one_lock,
    streams_survive_a_restart,
    interrupted_messages_return_at_once,
    stream_triggers_fail_like_aws,
    triggers_rest_unless_serving,
)
