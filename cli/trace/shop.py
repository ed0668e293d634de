"""Reads the timeline's table, the functions' logs and the workflow's executions."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from typing import Any

from cli.trace.trace import Event, LogLine, WorkflowStep
from souk.kernel.items import from_item, to_item

Json = dict[str, Any]

TABLE_OUTPUT = "TimelineTable"
CONCURRENT_SEARCHES = 8
HIDDEN_LOG_FIELDS = frozenset({
    "level", "location", "timestamp", "service", "message", "correlation_id", "event_id",
    "exception", "stack_trace", "xray_trace_id",
})  # fmt: skip
"""Fields of a structured log line that are not appended to its message."""


class NoTimeline(Exception):
    """The deployed version has no timeline service."""


class AwsShop:
    """A deployed stack, read with a boto3 session. Works with the local cloud and AWS."""

    def __init__(self, session: Any, stack: str) -> None:
        self._dynamodb = session.client("dynamodb")
        self._logs = session.client("logs")
        self._workflows = session.client("stepfunctions")
        cloudformation = session.client("cloudformation")
        response = cloudformation.describe_stacks(StackName=stack)
        outputs = {
            output["OutputKey"]: output["OutputValue"]
            for output in response["Stacks"][0]["Outputs"]
        }
        if TABLE_OUTPUT not in outputs:
            raise NoTimeline(f"The deployed version of {stack} has no timeline. Deploy it again.")
        self._table = outputs[TABLE_OUTPUT]
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        self._resources = [each for page in pages for each in page["StackResourceSummaries"]]

    def events(self, order_id: str) -> Iterator[Event]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :order",
            ExpressionAttributeValues=to_item({":order": f"ORDER#{order_id}"}),
        )
        return (_parse_event(from_item(item)) for page in pages for item in page["Items"])

    def log_lines(self, ids: Iterable[str], since: datetime, until: datetime) -> Iterator[LogLine]:
        groups = self._physical_ids("AWS::Logs::LogGroup")
        searches = [(group, each) for each in ids for group in groups]
        with ThreadPoolExecutor(CONCURRENT_SEARCHES) as threads:
            found = threads.map(
                lambda pair: self._search_log(pair[0], pair[1], since, until), searches
            )
            log_events = [log_event for log_events in found for log_event in log_events]
        unique = {
            (each["logStreamName"], each["timestamp"], each["message"]): each for each in log_events
        }
        return (line for each in unique.values() if (line := _parse_log_event(each)))

    def workflow_steps(self, order_id: str) -> Iterator[WorkflowStep]:
        """The first execution is named after the order; later ones have a number appended."""
        for machine in self._physical_ids("AWS::StepFunctions::StateMachine"):
            for number in count():
                name = order_id if number == 0 else f"{order_id}-{number}"
                history = self._history(
                    f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
                )
                if history is None:
                    break
                yield from _parse_history(history)

    def _physical_ids(self, resource_type: str) -> list[str]:
        return [
            each["PhysicalResourceId"]
            for each in self._resources
            if each["ResourceType"] == resource_type
        ]

    def _search_log(self, group: str, text: str, since: datetime, until: datetime) -> list[Json]:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            filterPattern=f'"{text}"',
            startTime=int(since.timestamp() * 1000),
            endTime=int(until.timestamp() * 1000),
        )
        return [log_event for page in pages for log_event in page["events"]]

    def _history(self, execution: str) -> list[Json] | None:
        """None for an execution that does not exist or has expired."""
        try:
            pages = self._workflows.get_paginator("get_execution_history").paginate(
                executionArn=execution, includeExecutionData=False
            )
            return [event for page in pages for event in page["events"]]
        except self._workflows.exceptions.ExecutionDoesNotExist:
            return None


def _parse_event(row: Json) -> Event:
    return Event(
        name=row["name"],
        service=row["source"].rpartition(".")[2],
        id=row["id"],
        at=datetime.fromisoformat(row["time"]),
        correlation_id=row["correlation_id"],
        data=json.loads(row["data"]),
    )


def _parse_log_event(log_event: Json) -> LogLine | None:
    """None for a line that Lambda wrote, not the function."""
    try:
        fields = json.loads(log_event["message"])
        function, level, message = fields["service"], fields["level"], fields["message"]
    except (ValueError, KeyError, TypeError):
        return None
    extra = " ".join(
        f"{name}={value}" for name, value in fields.items() if name not in HIDDEN_LOG_FIELDS
    )
    return LogLine(
        at=datetime.fromtimestamp(log_event["timestamp"] / 1000, UTC),
        function=function,
        level=level,
        message=f"{message} {extra}".rstrip(),
        event_id=fields.get("event_id"),
    )


def _parse_history(history: list[Json]) -> Iterator[WorkflowStep]:
    """Task and wait states. A choice state takes no time and is omitted."""
    entered: Json = {}
    failed: list[str] = []
    for event in history:
        event_type = event["type"]
        if event_type in ("TaskStateEntered", "WaitStateEntered"):
            entered, failed = event, []
        elif event_type.endswith(("Failed", "TimedOut")) and entered:
            failed.append(_error_name(event))
        if event_type in ("TaskStateExited", "WaitStateExited", "ExecutionFailed") and entered:
            name = entered["stateEnteredEventDetails"]["name"]
            seconds = (event["timestamp"] - entered["timestamp"]).total_seconds()
            yield WorkflowStep(event["timestamp"].astimezone(UTC), name, seconds, tuple(failed))
            entered = {}


def _error_name(event: Json) -> str:
    details: Json = next((v for k, v in event.items() if k.endswith("EventDetails")), {})
    return str(details.get("error", event["type"]))
