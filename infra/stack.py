"""A CloudFormation stack: its status, its events, and waiting for an operation to end."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

POLL_SECONDS: Final = 0.1  # grows to MAX_POLL_SECONDS during a long operation
MAX_POLL_SECONDS: Final = 3.0
BROKEN_STATUSES: Final = (
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "CREATE_FAILED",
    "DELETE_FAILED",
)
"""The stack was not created, or not deleted completely; it can only be deleted."""


class StackError(Exception):
    """The stack cannot be changed, or a change failed. The message is for the user."""


@dataclass(frozen=True)
class ResourceEvent:
    """The end of an operation on one resource of a stack."""

    logical_id: str
    type: str
    status: str
    reason: str


OnEvent = Callable[[ResourceEvent], None]


class Stack:
    """One stack, identified by its name."""

    def __init__(self, cloudformation: Any, name: str) -> None:
        self.cloudformation = cloudformation
        self.name = name

    def status(self) -> str | None:
        """The stack's status; None if it does not exist or only has a first change set."""
        try:
            described = self.describe(self.name)
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        status: str = described["StackStatus"]
        return None if status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else status

    def describe(self, name_or_id: str) -> dict[str, Any]:
        """The stack's description. A deleted stack can be described by its id only."""
        response = self.cloudformation.describe_stacks(StackName=name_or_id)
        described: dict[str, Any] = response["Stacks"][0]
        return described

    def template(self) -> dict[str, Any]:
        """The deployed template."""
        body = self.cloudformation.get_template(StackName=self.name)["TemplateBody"]
        template: dict[str, Any] = json.loads(body) if isinstance(body, str) else body
        return template

    def outputs(self) -> dict[str, str]:
        described = self.describe(self.name)
        return {
            output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])
        }

    def require_changeable(self, status: str | None) -> None:
        """Raises StackError while another operation runs or a failed rollback is unresolved."""
        if status == "UPDATE_ROLLBACK_FAILED":
            raise StackError(
                f"The stack {self.name} is in status {status}. Continue its rollback first:"
                f" aws cloudformation continue-update-rollback --stack-name {self.name}"
            )
        if status is not None and status.endswith("_IN_PROGRESS"):
            raise StackError(
                f"Another operation is in progress on the stack {self.name} ({status})."
                " Wait until it has ended, then try again."
            )

    def newest_event(self, stack_id: str) -> str | None:
        events = self.cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
        return events[0]["EventId"] if events else None

    def wait(
        self, stack_id: str, since: str | None, on_event: OnEvent | None, expected: str
    ) -> None:
        """Waits until the current operation ends and reports the events after `since`.

        Raises StackError, which lists the failed resources, unless the final status is one of
        `expected`, which are separated by spaces.
        """
        seen = since

        def poll() -> dict[str, Any]:
            nonlocal seen
            if on_event:
                seen = self._report_events(stack_id, seen, on_event)
            return self.describe(stack_id)

        status = wait_while_in_progress(poll, "StackStatus")["StackStatus"]
        if on_event:
            self._report_events(stack_id, seen, on_event)
        if status not in expected.split():
            raise StackError(self._failure_message(stack_id, status, since))

    def _report_events(self, stack_id: str, since: str | None, on_event: OnEvent) -> str | None:
        """Reports the events after `since`, oldest first. Returns the id of the newest event."""
        events = list(self._events(stack_id, since))
        for event in map(_resource_event, reversed(events)):
            has_ended = event.status.endswith(("_COMPLETE", "_FAILED"))
            if has_ended and event.logical_id != self.name:
                on_event(event)
        return events[0]["EventId"] if events else since

    def _events(self, stack_id: str, since: str | None) -> Iterator[dict[str, Any]]:
        """The events after `since`, newest first."""
        pages = self.cloudformation.get_paginator("describe_stack_events").paginate(
            StackName=stack_id
        )
        for event in (event for page in pages for event in page["StackEvents"]):
            if event["EventId"] == since:
                return
            yield event

    def _failure_message(self, stack_id: str, status: str, since: str | None) -> str:
        failed = [
            f"{event.logical_id} ({event.type}): {event.reason}"
            for event in map(_resource_event, self._events(stack_id, since))
            if event.status.endswith("_FAILED") and "cancelled" not in event.reason.lower()
        ]
        return "\n".join([f"The stack {self.name} ended in status {status}.", *reversed(failed)])


def _resource_event(event: dict[str, Any]) -> ResourceEvent:
    return ResourceEvent(
        event["LogicalResourceId"],
        event["ResourceType"],
        event["ResourceStatus"],
        event.get("ResourceStatusReason", ""),
    )


def wait_while_in_progress(
    describe: Callable[[], dict[str, Any]], status_field: str
) -> dict[str, Any]:
    """Calls `describe` until its status is final, and returns the last description.

    An update that only cleans up old resources counts as complete.
    """
    pause_seconds = POLL_SECONDS
    while True:
        described = describe()
        status = described[status_field]
        is_cleaning_up = status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        if is_cleaning_up:
            return {**described, status_field: "UPDATE_COMPLETE"}
        if not status.endswith(("_IN_PROGRESS", "_PENDING")):
            return described
        time.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.2, MAX_POLL_SECONDS)
