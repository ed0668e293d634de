"""Takes a stack down, and says beforehand what outlives it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from infra.changes import KEPT
from infra.stack import Stack, StackError, Watch


@dataclass(frozen=True)
class Held:
    """A resource of a stack, the name to find it by, and whether it stays when the stack goes."""

    type: str
    name: str
    stays: bool


def demolish(
    stack: str, session: boto3.Session, *, agree: Callable[[Sequence[Held]], bool], watch: Watch
) -> bool:
    """Delete the stack once `agree`, shown what stays, does; False if it does not.

    Raises StackError.
    """
    target = Stack(session.client("cloudformation"), stack)
    status = target.status()
    if status is None:
        raise StackError(f"There is no stack {stack} in {session.region_name}.")
    target.refuse_busy(status)
    held = tuple(_held(target))
    if not agree([each for each in held if each.stays]):
        return False
    for each in held:
        if each.type == "AWS::S3::Bucket" and not each.stays:
            _empty(session.client("s3"), each.name)
    stack_id = target.describe(stack)["StackId"]
    since = target.newest_event(stack_id)
    target.cloudformation.delete_stack(StackName=stack_id)
    target.wait(stack_id, since, watch, good="DELETE_COMPLETE")
    return True


def _held(stack: Stack) -> Iterator[Held]:
    template = stack.template()["Resources"]
    pages = stack.cloudformation.get_paginator("list_stack_resources").paginate(
        StackName=stack.name
    )
    for each in (each for page in pages for each in page["StackResourceSummaries"]):
        if "PhysicalResourceId" in each and each["ResourceStatus"] != "DELETE_COMPLETE":
            policy = template.get(each["LogicalResourceId"], {}).get("DeletionPolicy")
            yield Held(each["ResourceType"], each["PhysicalResourceId"], policy in KEPT)


def _empty(s3: Any, bucket: str) -> None:
    """CloudFormation deletes no bucket that holds something."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"])
