"""Publishes a cloud assembly: uploads its assets and applies its template by a change set."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from infra.assets import UploadError, upload_assets
from infra.change_set import Change, describe_changes
from infra.pruning import Template, used_types, without_types
from infra.stack import BROKEN_STATUSES, OnEvent, Stack, StackError, wait_while_in_progress

CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
NO_CHANGES_MESSAGES: Final = ("didn't contain changes", "No updates are to be performed")

Confirm = Callable[[Sequence[Change]], bool]


class PublishError(Exception):
    """The deployment failed. The message says what failed and is for the user."""


class Declined(Exception):
    """The changes were not confirmed. The stack is unchanged."""


@dataclass(frozen=True)
class PublishResult:
    """The stack's outputs, the resource types that were omitted, and whether anything changed."""

    outputs: Mapping[str, str]
    omitted_types: tuple[str, ...]
    changed: bool


def publish(
    assembly: Path,
    stack_name: str,
    session: boto3.Session,
    *,
    omit_types: frozenset[str] = frozenset(),
    confirm: Confirm = lambda _: True,
    on_event: OnEvent | None = None,
) -> PublishResult:
    """Updates the stack, or creates it, from the assembly. An unchanged template does nothing.

    Resources of `omit_types` are removed from the template, with the references to them.
    `confirm` gets the changes; they are applied only if it returns True. `on_event` gets each
    finished resource.
    Raises PublishError, or Declined when the changes were not confirmed.
    """
    template: Template = json.loads((assembly / f"{stack_name}.template.json").read_text())
    omitted_types = used_types(template, omit_types)
    template = without_types(template, omitted_types)
    stack = Stack(session.client("cloudformation"), stack_name)
    try:
        deployed = _deployed_template(stack)
        if deployed == template:
            return PublishResult(stack.outputs(), omitted_types, changed=False)
        body = json.dumps(template, separators=(",", ":")).encode()
        template_url = upload_assets(assembly, stack_name, body, session)
        changed = _Deployment(stack, template_url, deployed, template, confirm, on_event).run()
        return PublishResult(stack.outputs(), omitted_types, changed)
    except (StackError, UploadError) as error:
        raise PublishError(str(error)) from error


def _deployed_template(stack: Stack) -> Template | None:
    status = stack.status()
    stack.require_changeable(status)
    if status in BROKEN_STATUSES:
        raise PublishError(
            f"The stack {stack.name} was not created or not deleted completely ({status})."
            " Destroy it, then deploy again."
        )
    return None if status is None else stack.template()


@dataclass(frozen=True)
class _Deployment:
    """One attempt to apply the template at `template_url`; `before` is None for a new stack."""

    stack: Stack
    template_url: str
    before: Template | None
    after: Template
    confirm: Confirm
    on_event: OnEvent | None

    @property
    def is_new(self) -> bool:
        return self.before is None

    def run(self) -> bool:
        """Applies the template. Returns whether anything changed."""
        change_set, stack_id = self._create_change_set()
        since = self.stack.newest_event(stack_id)
        try:
            is_empty = self._wait_for_change_set(change_set)
            self._require_confirmation(() if is_empty else self._changes(change_set))
        except BaseException:
            self._discard(change_set, stack_id)
            raise
        if not is_empty:
            self._cloudformation.execute_change_set(ChangeSetName=change_set)
        elif not self._update_without_change_set(change_set, stack_id):
            return False
        self.stack.wait(stack_id, since, self.on_event, expected="CREATE_COMPLETE UPDATE_COMPLETE")
        return True

    @property
    def _cloudformation(self) -> Any:
        return self.stack.cloudformation

    def _wait_for_change_set(self, change_set: str) -> bool:
        """Whether the change set is empty. Raises PublishError when it could not be created."""
        described = wait_while_in_progress(
            lambda: self._cloudformation.describe_change_set(ChangeSetName=change_set), "Status"
        )
        has_failed = bool(described["Status"] == "FAILED")
        reason = described.get("StatusReason", "")
        if has_failed and not _means_no_changes(reason):
            raise PublishError(f"The change set for {self.stack.name} failed: {reason}")
        return has_failed

    def _changes(self, change_set: str) -> Sequence[Change]:
        before = self.before or {"Resources": {}}
        return describe_changes(self._cloudformation, change_set, before, self.after)

    def _require_confirmation(self, changes: Sequence[Change]) -> None:
        if not self.confirm(changes):
            raise Declined(f"Nothing was changed in {self.stack.name}.")

    def _create_change_set(self) -> tuple[str, str]:
        created: dict[str, Any] = self._call(
            self._cloudformation.create_change_set,
            StackName=self.stack.name,
            ChangeSetName=f"souk-{time.time_ns()}",
            ChangeSetType="CREATE" if self.is_new else "UPDATE",
            # a stack that failed to create would block the next deployment
            **({"OnStackFailure": "DELETE"} if self.is_new else {}),
        )
        return created["Id"], created["StackId"]

    def _discard(self, change_set: str, stack_id: str) -> None:
        self._cloudformation.delete_change_set(ChangeSetName=change_set)
        if self.is_new:
            self._cloudformation.delete_stack(StackName=stack_id)  # it holds no resources yet
            # without the wait, the next deployment would find the stack being deleted
            self.stack.wait(stack_id, None, None, expected="DELETE_COMPLETE")

    def _update_without_change_set(self, change_set: str, stack_id: str) -> bool:
        """Applies differences that a change set does not count, such as a new output."""
        self._cloudformation.delete_change_set(ChangeSetName=change_set)
        try:
            self._call(self._cloudformation.update_stack, StackName=stack_id)
        except PublishError as error:
            if _means_no_changes(str(error)):
                return False
            raise
        return True

    def _call(self, operation: Callable[..., dict[str, Any]], **parameters: Any) -> dict[str, Any]:
        try:
            return operation(TemplateURL=self.template_url, Capabilities=CAPABILITIES, **parameters)
        except ClientError as error:
            reason = error.response["Error"]["Message"]
            raise PublishError(
                f"CloudFormation rejected the template of {self.stack.name}: {reason}"
            ) from error


def _means_no_changes(reason: str) -> bool:
    return any(message in reason for message in NO_CHANGES_MESSAGES)
