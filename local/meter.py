"""Counts what AWS would bill: calls, capacity units, function runs. Hooked in only while asked for.

On the AWS port `POST /_souk/meter` begins a count, `GET` answers it as JSON, `DELETE` also ends it.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

from local.capacity import READS, read_units, reported_units

Json = dict[str, Any]
Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

PATH = "/_souk/meter"
CHUNK = 64 * 1024  # bytes that EventBridge bills as one event
KINDS = ("functions", "tables", "sources", "workflows")
SUMMED = (
    "read_units", "write_units", "events", "event_bytes", "http_requests", "scheduled_runs",
    "sqs_batches", "sqs_records", "executions", "transitions",
)  # fmt: skip


class Meter:
    """One count at a time; the engine runs its own code again once it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._undo: list[Callable[[], None]] = []
        self._running = 0
        self._clear()

    def _clear(self) -> None:
        self._calls: Counter[str] = Counter()
        self._counts: dict[str, dict[str, Counter[str]]] = {kind: {} for kind in KINDS}

    def start(self) -> None:
        """Count from zero."""
        self.stop()
        from ministack import app
        from ministack.services import dynamodb, lambda_svc, stepfunctions

        with self._lock:
            self._clear()
        self._hook(app, "_dispatch_service_request", self._counted_call)
        self._hook(dynamodb, "handle_request", self._weighed_call)
        self._hook(lambda_svc, "_execute_function_dispatch", self._timed_run)
        self._hook(stepfunctions, "_add_event", self._counted_transition)

    def stop(self) -> Json:
        """What was counted since the start; nothing more is."""
        while self._undo:
            self._undo.pop()()
        return self.so_far()

    def so_far(self) -> Json:
        """What was counted since the start: by kind and name (of a function, a table, a source of
        events, a workflow), summed up, and how many functions run right now."""
        with self._lock:
            sums: Counter[str] = Counter()
            for each in (each for kind in KINDS for each in self._counts[kind].values()):
                sums.update(each)
            return {
                **{name: sums[name] for name in SUMMED if name in sums},
                "calls": dict(self._calls),
                **{kind: {n: dict(c) for n, c in self._counts[kind].items()} for kind in KINDS},
                "running": self._running,
            }

    def _add(self, kind: str, name: str, **numbers: float) -> None:
        self._counts[kind].setdefault(name, Counter()).update(numbers)

    def _hook(self, module: Any, name: str, around: Callable[[Any], Any]) -> None:
        upstream = getattr(module, name)
        setattr(module, name, around(upstream))
        self._undo.append(lambda: setattr(module, name, upstream))

    def _counted_call(self, upstream: Any) -> Any:
        async def dispatch(
            method: str, path: str, headers: Any, body: bytes, *more: Any
        ) -> Any:  # fmt: skip
            if called := _called(headers, body):
                self._add_call(called, body)
            return await upstream(method, path, headers, body, *more)

        return dispatch

    def _add_call(self, target: str, body: bytes) -> None:
        service, _, operation = target.partition(".")
        with self._lock:
            self._calls[f"{_short(service)}:{operation}"] += 1
            if operation == "PutEvents":
                for source, size in _sizes(body):
                    self._add("sources", source, event_bytes=size, events=-(-size // CHUNK))
            if operation == "StartExecution":
                self._add("workflows", _name(json.loads(body)), executions=1)

    def _weighed_call(self, upstream: Any) -> Any:
        async def handle(
            method: str, path: str, headers: Any, body: bytes, *more: Any
        ) -> Any:  # fmt: skip
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            request = json.loads(body or b"{}")
            asked = json.dumps({**request, "ReturnConsumedCapacity": "INDEXES"}).encode()
            answer = await upstream(method, path, headers, asked, *more)
            found = json.loads(answer[2])
            with self._lock:
                if operation in READS:
                    units = {"read_units": read_units(operation, request, found)}
                else:
                    units = {"write_units": reported_units(request, found)}
                self._add("tables", _table(request), **units)
            return answer

        return handle

    def _timed_run(self, upstream: Any) -> Any:
        def run(func: Json, config: Json, event: Any, *more: Any) -> Any:
            with self._lock:
                self._running += 1
            began = time.perf_counter()
            try:
                result = upstream(func, config, event, *more)
            finally:
                with self._lock:
                    self._running -= 1
            spent = (time.perf_counter() - began) * 1000
            log = result.get("log") or ""
            with self._lock:
                self._add(
                    "functions",
                    config["FunctionName"],
                    runs=1,
                    milliseconds=spent,
                    log_bytes=len(log),
                    log_lines=len(log.splitlines()),
                    **_set_off_by(event),
                )
            return result

        return run

    def _counted_transition(self, upstream: Any) -> Any:
        def add_event(execution: Json, event: str, *more: Any) -> Any:
            if event.endswith("StateEntered"):
                with self._lock:
                    self._add("workflows", _name(execution), transitions=1)
            return upstream(execution, event, *more)

        return add_event


def _called(headers: Any, body: bytes) -> str:
    """Service and operation; empty for a call that names neither, such as running a function."""
    if target := str(headers.get("x-amz-target", "")):
        return target
    if not body.startswith(b"Action="):  # the older protocol, of SES and SNS
        return ""
    action = body.partition(b"&")[0].removeprefix(b"Action=").decode()
    signed = headers.get("authorization", "").partition("Credential=")[2].split("/")
    return f"{signed[3]}.{action}" if len(signed) > 3 else ""


def _set_off_by(event: Any) -> dict[str, int]:
    """What it is, and how many records it brings, that made a function run."""
    match event:
        case {"routeKey": _}:
            return {"http_requests": 1}
        case {"source": "aws.events"}:
            return {"scheduled_runs": 1}
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return {"sqs_batches": 1, "sqs_records": len(event["Records"])}
    return {}


def _sizes(body: bytes) -> Iterator[tuple[str, int]]:
    for entry in json.loads(body)["Entries"]:
        texts = (str(entry.get(part, "")) for part in ("Source", "DetailType", "Detail"))
        yield entry["Source"], sum(len(text.encode()) for text in texts)


def _name(execution: Json) -> str:
    return str(execution["stateMachineArn"]).rpartition(":")[2]


def _table(request: Json) -> str:
    """The table a request is about; no room's request is about two."""
    if "RequestItems" in request:
        return str(next(iter(request["RequestItems"])))
    if "TransactItems" in request:
        (request,) = request["TransactItems"][0].values()
    return str(request.get("TableName", ""))


def _short(service: str) -> str:
    return {
        "DynamoDB_20120810": "dynamodb",
        "AWSEvents": "events",
        "AmazonSQS": "sqs",
    }.get(service, service)


def with_meter(engine: App) -> App:
    """The engine, and the meter's control at an address no AWS service has."""
    meter = Meter()

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await engine(scope, receive, send)
            return
        counted: Json = {}
        match scope["method"]:
            case "POST":
                meter.start()
            case "DELETE":
                counted = meter.stop()
            case _:
                counted = meter.so_far()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(counted).encode()})

    return app
