"""What a change set would do to a stack."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

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
KEPT: Final = ("Retain", "RetainExceptOnCreate", "Snapshot")


@dataclass(frozen=True)
class Change:
    """What would happen to one resource; `replacement` and `policy` are CloudFormation's words."""

    action: str
    logical_id: str
    type: str
    replacement: str = ""
    policy: str = ""

    @property
    def goes(self) -> bool:
        """Whether what is there now is, or may be, taken out of the stack."""
        return self.action == "Remove" or self.replacement in ("True", "Conditional")

    @property
    def loses_data(self) -> bool:
        """Whether data would be deleted with it; a policy may keep it outside of the stack."""
        return self.goes and self.type in HOLD_DATA and not self.policy.endswith(KEPT)


def changes(cloudformation: Any, change_set: str) -> tuple[Change, ...]:
    """All of a change set, what goes first and what is new last."""
    found = (_change(each["ResourceChange"]) for each in _described(cloudformation, change_set))
    return tuple(sorted(found, key=lambda each: (not each.goes, each.action == "Add")))


def _described(cloudformation: Any, change_set: str) -> Iterator[dict[str, Any]]:
    pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
    for page in pages:
        yield from page.get("Changes", [])


def _change(resource: dict[str, Any]) -> Change:
    return Change(
        resource["Action"],
        resource["LogicalResourceId"],
        resource["ResourceType"],
        resource.get("Replacement", ""),
        resource.get("PolicyAction", ""),
    )
