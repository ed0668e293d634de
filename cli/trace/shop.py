"""What the trace reads: the journal's table, the functions' logs, the workflow's histories."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from typing import Any

from cli.trace.story import Fact, Line, Step
from souk.kernel.items import from_item, to_item

Json = dict[str, Any]

TABLE = "JournalTable"
AT_ONCE = 8  # log groups
UNSAID = frozenset({
    "level", "location", "timestamp", "service", "message", "correlation_id", "fact_id",
    "exception", "stack_trace", "xray_trace_id",
})  # fmt: skip
"""What a line of a log has beside what it says."""


class NoJournal(Exception):
    """The shop is of a version that keeps no stories."""


class AwsShop:
    """A deployed stack, by a boto3 session; the same at home and in AWS."""

    def __init__(self, session: Any, stack: str) -> None:
        self._dynamodb = session.client("dynamodb")
        self._logs = session.client("logs")
        self._workflows = session.client("stepfunctions")
        cloudformation = session.client("cloudformation")
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        outputs = {out["OutputKey"]: out["OutputValue"] for out in described["Outputs"]}
        if TABLE not in outputs:
            raise NoJournal(f"{stack} keeps no stories of orders yet; deploy it anew.")
        self._table = outputs[TABLE]
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        self._resources = [each for page in pages for each in page["StackResourceSummaries"]]

    def facts(self, order_id: str) -> Iterator[Fact]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :order",
            ExpressionAttributeValues=to_item({":order": f"ORDER#{order_id}"}),
        )
        return (_fact(from_item(item)) for page in pages for item in page["Items"])

    def lines(self, ids: Iterable[str], since: datetime, until: datetime) -> Iterator[Line]:
        groups = self._of_kind("AWS::Logs::LogGroup")
        asked = [(group, each) for each in ids for group in groups]
        with ThreadPoolExecutor(AT_ONCE) as readers:
            found = readers.map(lambda pair: self._written(pair[0], pair[1], since, until), asked)
            events = [event for some in found for event in some]
        by_place = {
            (each["logStreamName"], each["timestamp"], each["message"]): each for each in events
        }
        return (line for event in by_place.values() if (line := _line(event)))

    def steps(self, order_id: str) -> Iterator[Step]:
        """A run that failed was followed by another, whose name has a number behind."""
        for machine in self._of_kind("AWS::StepFunctions::StateMachine"):
            for run in count():
                name = order_id if run == 0 else f"{order_id}-{run}"
                history = self._history(
                    f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
                )
                if history is None:
                    break
                yield from _steps(history)

    def _of_kind(self, kind: str) -> list[str]:
        return [
            each["PhysicalResourceId"] for each in self._resources if each["ResourceType"] == kind
        ]

    def _written(self, group: str, named: str, since: datetime, until: datetime) -> list[Json]:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            filterPattern=f'"{named}"',
            startTime=int(since.timestamp() * 1000),
            endTime=int(until.timestamp() * 1000),
        )
        return [event for page in pages for event in page["events"]]

    def _history(self, execution: str) -> list[Json] | None:
        """None for a run that never was, or was forgotten."""
        try:
            pages = self._workflows.get_paginator("get_execution_history").paginate(
                executionArn=execution, includeExecutionData=False
            )
            return [event for page in pages for event in page["events"]]
        except self._workflows.exceptions.ExecutionDoesNotExist:
            return None


def _fact(row: Json) -> Fact:
    return Fact(
        name=row["name"],
        room=row["source"].rpartition(".")[2],
        id=row["id"],
        at=datetime.fromisoformat(row["time"]),
        correlation_id=row["correlation_id"],
        body=json.loads(row["data"]),
    )


def _line(event: Json) -> Line | None:
    """None for what the platform wrote, not the function."""
    try:
        said = json.loads(event["message"])
        function, level, message = said["service"], said["level"], said["message"]
    except (ValueError, KeyError, TypeError):
        return None
    more = " ".join(f"{name}={value}" for name, value in said.items() if name not in UNSAID)
    return Line(
        at=_moment(event["timestamp"]),
        function=function,
        level=level,
        says=f"{message} {more}".rstrip(),
        fact_id=said.get("fact_id"),
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _steps(history: list[Json]) -> Iterator[Step]:
    """Of those that do or await something; a choice takes no time."""
    entered: Json = {}
    failed: list[str] = []
    for event in history:
        kind = event["type"]
        if kind in ("TaskStateEntered", "WaitStateEntered"):
            entered, failed = event, []
        elif kind.endswith(("Failed", "TimedOut")) and entered:
            failed.append(_error(event))
        if kind in ("TaskStateExited", "WaitStateExited", "ExecutionFailed") and entered:
            name = entered["stateEnteredEventDetails"]["name"]
            seconds = (event["timestamp"] - entered["timestamp"]).total_seconds()
            yield Step(event["timestamp"].astimezone(UTC), name, seconds, tuple(failed))
            entered = {}


def _error(event: Json) -> str:
    details: Json = next((v for k, v in event.items() if k.endswith("EventDetails")), {})
    return str(details.get("error", event["type"]))
