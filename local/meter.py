"""Counts what AWS would bill: calls, capacity units, function runs.

On the AWS port, `POST /_souk/meter` starts a count, `GET` returns it as JSON, and `DELETE` returns
and ends it. The meter wraps MiniStack's functions only while it counts.
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
EVENT_CHUNK_BYTES = 64 * 1024  # EventBridge bills each chunk of this size as one event
DIMENSIONS = ("functions", "tables", "sources", "workflows")
TOTALS = (
    "read_units", "write_units", "events", "event_bytes", "http_requests", "scheduled_runs",
    "sqs_batches", "sqs_records", "executions", "transitions",
)  # fmt: skip


class Meter:
    """One count at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unwrap: list[Callable[[], None]] = []
        self._running = 0
        self._reset()

    def _reset(self) -> None:
        self._calls: Counter[str] = Counter()
        self._counts: dict[str, dict[str, Counter[str]]] = {name: {} for name in DIMENSIONS}

    def start(self) -> None:
        """Count from zero."""
        self.stop()
        from ministack import app
        from ministack.services import dynamodb, lambda_svc, stepfunctions

        with self._lock:
            self._reset()
        self._wrap(app, "_dispatch_service_request", self._count_calls)
        self._wrap(dynamodb, "handle_request", self._count_capacity)
        self._wrap(lambda_svc, "_execute_function_dispatch", self._count_runs)
        self._wrap(stepfunctions, "_add_event", self._count_transitions)

    def stop(self) -> Json:
        """End the count and return it."""
        while self._unwrap:
            self._unwrap.pop()()
        return self.counts()

    def counts(self) -> Json:
        """The counts since the start.

        `calls` has the AWS calls by `service:Operation`. Each of DIMENSIONS has counts by the name
        of a function, table, event source or workflow; TOTALS are their sums. `running` is the
        number of functions at work now.
        """
        with self._lock:
            sums: Counter[str] = Counter()
            for by_name in self._counts.values():
                for counter in by_name.values():
                    sums.update(counter)
            return {
                **{name: sums[name] for name in TOTALS if name in sums},
                "calls": dict(self._calls),
                **{
                    dimension: {name: dict(counter) for name, counter in by_name.items()}
                    for dimension, by_name in self._counts.items()
                },
                "running": self._running,
            }

    def _add(self, dimension: str, name: str, **numbers: float) -> None:
        self._counts[dimension].setdefault(name, Counter()).update(numbers)

    def _wrap(self, module: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
        upstream = getattr(module, name)
        setattr(module, name, wrapper(upstream))
        self._unwrap.append(lambda: setattr(module, name, upstream))

    def _count_calls(self, upstream: Any) -> Any:
        async def dispatch(
            method: str, path: str, headers: Any, body: bytes, *rest: Any
        ) -> Any:  # fmt: skip
            if target := _target(headers, body):
                self._add_call(target, body)
            return await upstream(method, path, headers, body, *rest)

        return dispatch

    def _add_call(self, target: str, body: bytes) -> None:
        service, _, operation = target.partition(".")
        with self._lock:
            self._calls[f"{_short_name(service)}:{operation}"] += 1
            if operation == "PutEvents":
                for source, size in _event_sizes(body):
                    chunks = -(-size // EVENT_CHUNK_BYTES)
                    self._add("sources", source, event_bytes=size, events=chunks)
            if operation == "StartExecution":
                self._add("workflows", _workflow_name(json.loads(body)), executions=1)

    def _count_capacity(self, upstream: Any) -> Any:
        async def handle(
            method: str, path: str, headers: Any, body: bytes, *rest: Any
        ) -> Any:  # fmt: skip
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            request = json.loads(body or b"{}")
            metered = json.dumps({**request, "ReturnConsumedCapacity": "INDEXES"}).encode()
            reply = await upstream(method, path, headers, metered, *rest)
            response = json.loads(reply[2])
            with self._lock:
                if operation in READS:
                    units = {"read_units": read_units(operation, request, response)}
                else:
                    units = {"write_units": reported_units(request, response)}
                self._add("tables", _table_name(request), **units)
            return reply

        return handle

    def _count_runs(self, upstream: Any) -> Any:
        def run(function: Json, config: Json, event: Any, *rest: Any) -> Any:
            with self._lock:
                self._running += 1
            started = time.perf_counter()
            try:
                result = upstream(function, config, event, *rest)
            finally:
                with self._lock:
                    self._running -= 1
            milliseconds = (time.perf_counter() - started) * 1000
            log = result.get("log") or ""
            with self._lock:
                self._add(
                    "functions",
                    config["FunctionName"],
                    runs=1,
                    milliseconds=milliseconds,
                    log_bytes=len(log),
                    log_lines=len(log.splitlines()),
                    **_invocation_counts(event),
                )
            return result

        return run

    def _count_transitions(self, upstream: Any) -> Any:
        def add_event(execution: Json, event: str, *rest: Any) -> Any:
            if event.endswith("StateEntered"):
                with self._lock:
                    self._add("workflows", _workflow_name(execution), transitions=1)
            return upstream(execution, event, *rest)

        return add_event


def _target(headers: Any, body: bytes) -> str:
    """`Service.Operation`; empty for a call that names neither, such as Lambda's Invoke."""
    if target := str(headers.get("x-amz-target", "")):
        return target
    if not body.startswith(b"Action="):  # the query protocol of SES and SNS
        return ""
    action = body.partition(b"&")[0].removeprefix(b"Action=").decode()
    scope = headers.get("authorization", "").partition("Credential=")[2].split("/")
    return f"{scope[3]}.{action}" if len(scope) > 3 else ""


def _invocation_counts(event: Any) -> dict[str, int]:
    """What invoked a function, and with how many records."""
    match event:
        case {"routeKey": _}:
            return {"http_requests": 1}
        case {"source": "aws.events"}:
            return {"scheduled_runs": 1}
        case {"Records": [{"eventSource": "aws:sqs"}, *_]}:
            return {"sqs_batches": 1, "sqs_records": len(event["Records"])}
    return {}


def _event_sizes(body: bytes) -> Iterator[tuple[str, int]]:
    """Source and size in bytes of each event in a PutEvents request."""
    for entry in json.loads(body)["Entries"]:
        texts = (str(entry.get(name, "")) for name in ("Source", "DetailType", "Detail"))
        yield entry["Source"], sum(len(text.encode()) for text in texts)


def _workflow_name(execution: Json) -> str:
    return str(execution["stateMachineArn"]).rpartition(":")[2]


def _table_name(request: Json) -> str:
    """The table of a request. No service's request touches two."""
    if "RequestItems" in request:
        return str(next(iter(request["RequestItems"])))
    if "TransactItems" in request:
        (request,) = request["TransactItems"][0].values()
    return str(request.get("TableName", ""))


def _short_name(service: str) -> str:
    return {
        "DynamoDB_20120810": "dynamodb",
        "AWSEvents": "events",
        "AmazonSQS": "sqs",
    }.get(service, service)


def with_meter(engine: App) -> App:
    """The engine, with the meter at a path that no AWS service uses."""
    meter = Meter()

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await engine(scope, receive, send)
            return
        counts: Json = {}
        match scope["method"]:
            case "POST":
                meter.start()
            case "DELETE":
                counts = meter.stop()
            case _:
                counts = meter.counts()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(counts).encode()})

    return app
