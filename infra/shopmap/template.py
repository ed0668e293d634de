"""A synthesized template as the map reads it: resources, where each stands, who may do what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Json = Any


class Grant(NamedTuple):
    """What a function's or workflow's role allows: actions on one thing of this template."""

    holder: str
    actions: frozenset[str]
    on: str
    attribute: str  # of the thing: `Arn`, `StreamArn`; empty for a plain reference
    source: str  # in whose name facts may be put on the bus; empty for anything else


class Template(NamedTuple):
    """Resources by logical id, and the constructs each stands in, the room first."""

    resources: Mapping[str, Json]
    places: Mapping[str, tuple[str, ...]]

    def of(self, kind: str) -> Iterator[tuple[str, Json]]:
        """The properties of all resources of a type such as `SQS::Queue`, by logical id."""
        for name, resource in self.resources.items():
            if resource["Type"] == f"AWS::{kind}":
                yield name, resource.get("Properties", {})

    def grants(self) -> Iterator[Grant]:
        """Every statement of a role's policy that names something of this template."""
        holders = {
            referred(properties[key])[0]: name
            for kind, key in (
                ("Lambda::Function", "Role"),
                ("StepFunctions::StateMachine", "RoleArn"),
            )
            for name, properties in self.of(kind)
        }
        for _, policy in self.of("IAM::Policy"):
            for holder in (holders.get(referred(role)[0]) for role in policy["Roles"]):
                for statement in policy["PolicyDocument"]["Statement"] if holder else ():
                    yield from _granted(str(holder), statement)


def read(assembly: Path, stack: str) -> Template:
    """The stack's template out of a cloud assembly."""
    template = json.loads((assembly / f"{stack}.template.json").read_text())
    metadata = json.loads((assembly / f"{stack}.metadata.json").read_text())
    places = {
        entry["data"]: tuple(path.split("/")[2:])
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
    return Template(template["Resources"], places)


def referred(value: Json) -> tuple[str, str]:
    """The logical id and the attribute that a reference names, wherever it stands inside."""
    return next(_references(value), ("", ""))


def _references(value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("Ref"), str) and not value["Ref"].startswith("AWS::"):
            yield value["Ref"], ""
        elif "Fn::GetAtt" in value:
            name, attribute = value["Fn::GetAtt"]
            yield name, attribute
        else:
            value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _references(each)


def _granted(holder: str, statement: Json) -> Iterator[Grant]:
    actions = frozenset(listed(statement["Action"]))
    source = statement.get("Condition", {}).get("StringEquals", {}).get("events:source", "")
    for resource in listed(statement["Resource"]):
        name, attribute = referred(resource)
        if name:
            yield Grant(holder, actions, name, attribute, source)


def listed(value: Json) -> list[Json]:
    """A list of what may be written as one thing or as several."""
    return value if isinstance(value, list) else [value]
