"""The resource changes of a CloudFormation change set."""

from dataclasses import dataclass
from typing import Any, Final

from infra.pruning import Template

DATA_TYPES: Final = frozenset({
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::Events::Archive",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
})  # fmt: skip
"""Resource types that hold data."""

RETAINING_POLICIES: Final = ("Retain", "Snapshot")
"""Values of DeletionPolicy and UpdateReplacePolicy that preserve the data."""


@dataclass(frozen=True)
class Change:
    """One resource change; `action`, `type` and `replacement` are CloudFormation's values.

    `retained`: if the existing resource is removed from the stack, it stays in the account.
    """

    action: str
    logical_id: str
    type: str
    replacement: str
    retained: bool

    @property
    def removes_resource(self) -> bool:
        """Whether the existing resource is removed or replaced, or may be."""
        return self.action == "Remove" or self.replacement in ("True", "Conditional")

    @property
    def loses_data(self) -> bool:
        """Whether the change deletes data, or may delete it."""
        return self.removes_resource and self.type in DATA_TYPES and not self.retained


def describe_changes(
    cloudformation: Any, change_set: str, before: Template, after: Template
) -> tuple[Change, ...]:
    """All changes of a change set between two templates: removals first, additions last."""
    pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    changes = (
        _change(each["ResourceChange"], before, after)
        for page in pages
        for each in page.get("Changes", [])
    )
    return tuple(
        sorted(changes, key=lambda each: (not each.removes_resource, each.action == "Add"))
    )


def _change(resource: dict[str, Any], before: Template, after: Template) -> Change:
    name = resource["LogicalResourceId"]
    # The policy is read from the templates: a change set omits it for a conditional replacement.
    policy = (
        before["Resources"].get(name, {}).get("DeletionPolicy")
        if resource["Action"] == "Remove"
        else after["Resources"].get(name, {}).get("UpdateReplacePolicy")
    )
    return Change(
        resource["Action"],
        name,
        resource["ResourceType"],
        resource.get("Replacement", ""),
        policy in RETAINING_POLICIES,
    )
