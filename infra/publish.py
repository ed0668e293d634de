"""Publishes a cloud assembly: its assets to the bootstrap bucket, its template as a change set."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from infra.assets import NotPublished, upload
from infra.changes import Change, changes
from infra.pruning import Template, types_present, without
from infra.stack import NEVER_UP, Stack, StackError, Watch, wait

CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
UNCHANGED: Final = ("didn't contain changes", "No updates are to be performed")

Agree = Callable[[Sequence[Change]], bool]


class PublishError(Exception):
    """The stack could not be brought to the assembly's template; the message says what failed."""


class Declined(Exception):
    """Who was asked about the changes said no; the stack is as it was."""


@dataclass(frozen=True)
class Published:
    """What a stack gives to those who use it, and what was not deployed of its template."""

    outputs: Mapping[str, str]
    left_out: tuple[str, ...]
    changed: bool


def publish(
    assembly: Path,
    stack: str,
    session: boto3.Session,
    *,
    leave_out: frozenset[str] = frozenset(),
    agree: Agree = lambda _: True,
    watch: Watch | None = None,
) -> Published:
    """Bring `stack` to what the assembly says; an unchanged template touches nothing.

    Resource types in `leave_out` are taken out of the template, with whatever refers to them.
    `agree` is shown the changes, and nothing is changed unless it does (Declined); `watch` is told
    of each resource that is done.
    """
    template: Template = json.loads((assembly / f"{stack}.template.json").read_text())
    left_out = types_present(template, leave_out)
    template = without(template, left_out)
    target = Stack(session.client("cloudformation"), stack)
    try:
        deployed = _deployed_template(target)
        if deployed == template:
            return Published(target.outputs(), left_out, changed=False)
        body = json.dumps(template, separators=(",", ":")).encode()
        url = upload(assembly, stack, body, session)
        changed = _Attempt(target, url, deployed, template, agree, watch).run()
        return Published(target.outputs(), left_out, changed)
    except (StackError, NotPublished) as error:
        raise PublishError(str(error)) from error


def _deployed_template(stack: Stack) -> Template | None:
    status = stack.status()
    stack.refuse_busy(status)
    if status in NEVER_UP:
        raise PublishError(
            f"The stack {stack.name} never came up, or did not quite go ({status});"
            " destroy it, then deploy again."
        )
    return None if status is None else stack.template()


@dataclass(frozen=True)
class _Attempt:
    """One try to bring a stack to the template at `url`."""

    stack: Stack
    url: str
    before: Template | None
    after: Template
    agree: Agree
    watch: Watch | None

    @property
    def is_new(self) -> bool:
        return self.before is None

    def run(self) -> bool:
        """Whether anything was changed."""
        change_set, stack_id = self._create_change_set()
        since = self.stack.newest_event(stack_id)
        try:
            is_empty = self._is_empty(change_set)
            self._agree_on(() if is_empty else self._changes(change_set))
        except BaseException:
            self._withdraw(change_set, stack_id)
            raise
        if not is_empty:
            self._cloudformation.execute_change_set(ChangeSetName=change_set)
        elif not self._update(change_set, stack_id):
            return False
        self.stack.wait(stack_id, since, self.watch, good="CREATE_COMPLETE UPDATE_COMPLETE")
        return True

    @property
    def _cloudformation(self) -> Any:
        return self.stack.cloudformation

    def _is_empty(self, change_set: str) -> bool:
        """Wait for the change set; raises PublishError if it cannot be."""
        ready = wait(
            lambda: self._cloudformation.describe_change_set(ChangeSetName=change_set), "Status"
        )
        reason = ready.get("StatusReason", "")
        if ready["Status"] == "FAILED" and not _is_unchanged(reason):
            raise PublishError(f"The change set for {self.stack.name} failed: {reason}")
        return bool(ready["Status"] == "FAILED")

    def _changes(self, change_set: str) -> Sequence[Change]:
        before = self.before or {"Resources": {}}
        return changes(self._cloudformation, change_set, before, self.after)

    def _agree_on(self, changes: Sequence[Change]) -> None:
        if not self.agree(changes):
            raise Declined(f"Nothing was changed in {self.stack.name}.")

    def _create_change_set(self) -> tuple[str, str]:
        created: dict[str, Any] = self._ask(
            self._cloudformation.create_change_set,
            StackName=self.stack.name,
            ChangeSetName=f"souk-{time.time_ns()}",
            ChangeSetType="CREATE" if self.is_new else "UPDATE",
            # a stack that never came up would only be in the way of the next attempt
            **({"OnStackFailure": "DELETE"} if self.is_new else {}),
        )
        return created["Id"], created["StackId"]

    def _withdraw(self, change_set: str, stack_id: str) -> None:
        self._cloudformation.delete_change_set(ChangeSetName=change_set)
        if self.is_new:
            self._cloudformation.delete_stack(StackName=stack_id)  # only the wish for one
            # or a next try would be refused, since the stack is going
            self.stack.wait(stack_id, None, None, good="DELETE_COMPLETE")

    def _update(self, change_set: str, stack_id: str) -> bool:
        """Apply what a change set does not count as a change, such as a new output."""
        self._cloudformation.delete_change_set(ChangeSetName=change_set)
        try:
            self._ask(self._cloudformation.update_stack, StackName=stack_id)
        except PublishError as error:
            if _is_unchanged(str(error)):
                return False
            raise
        return True

    def _ask(self, call: Callable[..., dict[str, Any]], **what: Any) -> dict[str, Any]:
        try:
            return call(TemplateURL=self.url, Capabilities=CAPABILITIES, **what)
        except ClientError as error:
            reason = error.response["Error"]["Message"]
            raise PublishError(f"{self.stack.name} was refused: {reason}") from error


def _is_unchanged(reason: str) -> bool:
    return any(words in reason for words in UNCHANGED)
