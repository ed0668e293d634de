"""A CloudFormation stack: its state, what happens to it, how it ended."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

POLL_SECONDS: Final = 0.1  # grows to POLL_SECONDS_AT_MOST while a deployment takes its time
POLL_SECONDS_AT_MOST: Final = 3.0
NEVER_UP: Final = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


class StackError(Exception):
    """Why a stack cannot be changed, or what failed when it was."""


@dataclass(frozen=True)
class Event:
    """Something that has come to an end with one resource of a stack."""

    logical_id: str
    type: str
    status: str
    reason: str


Watch = Callable[[Event], None]


class Stack:
    """One stack by its name, as CloudFormation has it."""

    def __init__(self, cloudformation: Any, name: str) -> None:
        self.cloudformation = cloudformation
        self.name = name

    def status(self) -> str | None:
        """None if there is no such stack, or only the wish for one."""
        try:
            described = self.describe(self.name)
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        status: str = described["StackStatus"]
        return None if status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else status

    def describe(self, stack: str) -> dict[str, Any]:
        """Of a deleted stack only its id is an address."""
        found: dict[str, Any] = self.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        return found

    def template(self) -> dict[str, Any]:
        """What is deployed."""
        body = self.cloudformation.get_template(StackName=self.name)["TemplateBody"]
        template: dict[str, Any] = json.loads(body) if isinstance(body, str) else body
        return template

    def outputs(self) -> dict[str, str]:
        described = self.describe(self.name)
        return {out["OutputKey"]: out["OutputValue"] for out in described.get("Outputs", [])}

    def refuse_busy(self, status: str | None) -> None:
        """Raises StackError while someone else changes the stack, or must first."""
        if status == "UPDATE_ROLLBACK_FAILED":
            raise StackError(
                f"The stack {self.name} is stuck in {status}: continue its rollback first"
                f" (aws cloudformation continue-update-rollback --stack-name {self.name})."
            )
        if status is not None and status.endswith("_IN_PROGRESS"):
            raise StackError(
                f"The stack {self.name} is being changed already ({status});"
                " wait until that has ended, then try again."
            )

    def newest_event(self, stack_id: str) -> str | None:
        events = self.cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
        return events[0]["EventId"] if events else None

    def wait(self, stack_id: str, since: str | None, watch: Watch | None, good: str) -> None:
        """Until what is under way has ended; StackError, with the culprits, unless it is good."""
        seen = since

        def look() -> dict[str, Any]:
            nonlocal seen
            if watch:
                seen = self._tell(stack_id, seen, watch)
            return self.describe(stack_id)

        ended = wait(look, "StackStatus")["StackStatus"]
        if watch:
            self._tell(stack_id, seen, watch)
        if ended not in good.split():
            raise StackError(self._failure(stack_id, ended, since))

    def _tell(self, stack_id: str, since: str | None, watch: Watch) -> str | None:
        """Tell what has ended since then, in order; the id of the newest event."""
        news = list(self._events(stack_id, since))
        for event in reversed(news):
            told = _event(event)
            if told.status.endswith(("_COMPLETE", "_FAILED")) and told.logical_id != self.name:
                watch(told)
        return news[0]["EventId"] if news else since

    def _events(self, stack_id: str, since: str | None) -> Iterator[dict[str, Any]]:
        """The newest first."""
        pages = self.cloudformation.get_paginator("describe_stack_events").paginate(
            StackName=stack_id
        )
        for event in (event for page in pages for event in page["StackEvents"]):
            if event["EventId"] == since:
                return
            yield event

    def _failure(self, stack_id: str, status: str, since: str | None) -> str:
        failed = [
            f"{event.logical_id} ({event.type}): {event.reason}"
            for event in map(_event, self._events(stack_id, since))
            if event.status.endswith("_FAILED") and "cancelled" not in event.reason.lower()
        ]
        return "\n".join([f"The stack {self.name} ended as {status}.", *reversed(failed)])


def _event(event: dict[str, Any]) -> Event:
    return Event(
        event["LogicalResourceId"],
        event["ResourceType"],
        event["ResourceStatus"],
        event.get("ResourceStatusReason", ""),
    )


def wait(describe: Callable[[], dict[str, Any]], field: str) -> dict[str, Any]:
    """What is described once it is no longer under way."""
    pause = POLL_SECONDS
    while True:
        answer = describe()
        status = answer[field]
        is_cleaning_up = status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        if is_cleaning_up or not status.endswith(("_IN_PROGRESS", "_PENDING")):
            return {**answer, field: "UPDATE_COMPLETE"} if is_cleaning_up else answer
        time.sleep(pause)
        pause = min(pause * 1.2, POLL_SECONDS_AT_MOST)
