"""A synthesized template for the map: resources, their construct paths, and IAM grants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Json = Any


class Grant(NamedTuple):
    """Actions that the role of a function or workflow allows on one resource of the template."""

    holder: str  # logical id of the function or workflow
    actions: frozenset[str]
    resource: str  # logical id
    attribute: str  # of the resource, such as `Arn` or `StreamArn`; empty for a `Ref`
    event_source: str  # the only source allowed for PutEvents; empty for other actions


class Template(NamedTuple):
    """Resources and construct paths by logical id. A path starts with the service's construct."""

    resources: Mapping[str, Json]
    paths: Mapping[str, tuple[str, ...]]

    def properties(self, resource_type: str) -> Iterator[tuple[str, Json]]:
        """Logical id and properties of all resources of a type such as `SQS::Queue`."""
        for logical_id, resource in self.resources.items():
            if resource["Type"] == f"AWS::{resource_type}":
                yield logical_id, resource.get("Properties", {})

    def grants(self) -> Iterator[Grant]:
        """The statements of all role policies that refer to a resource of the template."""
        holders = {
            reference(properties[key])[0]: logical_id
            for resource_type, key in (
                ("Lambda::Function", "Role"),
                ("StepFunctions::StateMachine", "RoleArn"),
            )
            for logical_id, properties in self.properties(resource_type)
        }
        for _, policy in self.properties("IAM::Policy"):
            for holder in (holders.get(reference(role)[0]) for role in policy["Roles"]):
                for statement in policy["PolicyDocument"]["Statement"] if holder else ():
                    yield from _statement_grants(str(holder), statement)


def read_template(assembly: Path, stack: str) -> Template:
    """Reads the template and the construct paths of a stack from a cloud assembly."""
    template = json.loads((assembly / f"{stack}.template.json").read_text())
    metadata = json.loads((assembly / f"{stack}.metadata.json").read_text())
    paths = {
        entry["data"]: tuple(path.split("/")[2:])
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
    return Template(template["Resources"], paths)


def reference(value: Json) -> tuple[str, str]:
    """Logical id and attribute of the first reference inside `value`; empty if there is none."""
    return next(_references(value), ("", ""))


def _references(value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("Ref"), str) and not value["Ref"].startswith("AWS::"):
            yield value["Ref"], ""
        elif "Fn::GetAtt" in value:
            logical_id, attribute = value["Fn::GetAtt"]
            yield logical_id, attribute
        else:
            value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)


def _statement_grants(holder: str, statement: Json) -> Iterator[Grant]:
    actions = frozenset(as_list(statement["Action"]))
    source = statement.get("Condition", {}).get("StringEquals", {}).get("events:source", "")
    for resource in as_list(statement["Resource"]):
        logical_id, attribute = reference(resource)
        if logical_id:
            yield Grant(holder, actions, logical_id, attribute, source)


def as_list(value: Json) -> list[Json]:
    """The value as a list: CloudFormation accepts a single item instead of a list of one."""
    return value if isinstance(value, list) else [value]
