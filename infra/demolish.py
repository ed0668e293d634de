"""Takes a stack down, and says beforehand what outlives it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import boto3

from infra.changes import KEPT
from infra.stack import Stack, StackError, Watch


@dataclass(frozen=True)
class Kept:
    """A resource that stays when its stack goes, and the name to find it by."""

    type: str
    name: str


def demolish(
    stack: str, session: boto3.Session, *, agree: Callable[[Sequence[Kept]], bool], watch: Watch
) -> bool:
    """Delete the stack once `agree`, shown what is kept, does; False if it does not.

    Raises StackError.
    """
    target = Stack(session.client("cloudformation"), stack)
    status = target.status()
    if status is None:
        raise StackError(f"There is no stack {stack} in {session.region_name}.")
    target.refuse_busy(status)
    if not agree(kept(target)):
        return False
    stack_id = target.describe(stack)["StackId"]
    since = target.newest_event(stack_id)
    target.cloudformation.delete_stack(StackName=stack_id)
    target.wait(stack_id, since, watch, good="DELETE_COMPLETE")
    return True


def kept(stack: Stack) -> tuple[Kept, ...]:
    """What the deployed template says is to outlive the stack."""
    resources = stack.template()["Resources"]
    stays = {name for name, body in resources.items() if body.get("DeletionPolicy") in KEPT}
    pages = stack.cloudformation.get_paginator("list_stack_resources").paginate(
        StackName=stack.name
    )
    return tuple(
        Kept(each["ResourceType"], each["PhysicalResourceId"])
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["LogicalResourceId"] in stays and "PhysicalResourceId" in each
    )
