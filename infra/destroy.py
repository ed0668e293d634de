"""Deletes a stack, after it has listed the resources that are retained."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3

from infra.change_set import RETAINING_POLICIES
from infra.stack import OnEvent, Stack, StackError


@dataclass(frozen=True)
class StackResource:
    """A resource with its physical name. `retained`: deleting the stack does not delete it."""

    type: str
    name: str
    retained: bool


def destroy_stack(
    stack_name: str,
    session: boto3.Session,
    *,
    confirm: Callable[[Sequence[StackResource]], bool],
    on_event: OnEvent,
) -> bool:
    """Deletes the stack if `confirm`, given the retained resources, returns True.

    Returns whether the stack was deleted. Raises StackError.
    """
    stack = Stack(session.client("cloudformation"), stack_name)
    status = stack.status()
    if status is None:
        raise StackError(f"There is no stack {stack_name} in {session.region_name}.")
    stack.require_changeable(status)
    resources = tuple(_resources(stack))
    if not confirm([each for each in resources if each.retained]):
        return False
    for resource in resources:
        if resource.type == "AWS::S3::Bucket" and not resource.retained:
            _empty_bucket(session.client("s3"), resource.name)
    stack_id = stack.describe(stack_name)["StackId"]
    since = stack.newest_event(stack_id)
    stack.cloudformation.delete_stack(StackName=stack_id)
    stack.wait(stack_id, since, on_event, expected="DELETE_COMPLETE")
    return True


def _resources(stack: Stack) -> Iterator[StackResource]:
    template = stack.template()["Resources"]
    pages = stack.cloudformation.get_paginator("list_stack_resources").paginate(
        StackName=stack.name
    )
    for resource in (each for page in pages for each in page["StackResourceSummaries"]):
        if "PhysicalResourceId" in resource and resource["ResourceStatus"] != "DELETE_COMPLETE":
            policy = template.get(resource["LogicalResourceId"], {}).get("DeletionPolicy")
            yield StackResource(
                resource["ResourceType"],
                resource["PhysicalResourceId"],
                policy in RETAINING_POLICIES,
            )


def _empty_bucket(s3: Any, bucket: str) -> None:
    """CloudFormation does not delete a bucket that contains objects."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=item["Key"])
