"""What a change set would do to a stack."""

from dataclasses import dataclass
from typing import Any, Final

from infra.pruning import Template

HOLD_DATA: Final = frozenset({
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
KEPT: Final = ("Retain", "Snapshot")  # policies


@dataclass(frozen=True)
class Change:
    """What would happen to one resource, in CloudFormation's words.

    `kept`: should it go, what there is now stays in the account, outside of the stack.
    """

    action: str
    logical_id: str
    type: str
    replacement: str
    kept: bool

    @property
    def goes(self) -> bool:
        """Whether what is there now is, or may be, taken out of the stack."""
        return self.action == "Remove" or self.replacement in ("True", "Conditional")

    @property
    def loses_data(self) -> bool:
        """Whether data would, or may, be deleted with it."""
        return self.goes and self.type in HOLD_DATA and not self.kept


def changes(
    cloudformation: Any, change_set: str, before: Template, after: Template
) -> tuple[Change, ...]:
    """All that a change set does between two templates: what goes first, what is new last."""
    pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    found = (
        _change(each["ResourceChange"], before, after)
        for page in pages
        for each in page.get("Changes", [])
    )
    return tuple(sorted(found, key=lambda each: (not each.goes, each.action == "Add")))


def _change(resource: dict[str, Any], before: Template, after: Template) -> Change:
    name = resource["LogicalResourceId"]
    # a change set tells the policy of a certain replacement only, not of a possible one
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
        policy in KEPT,
    )
