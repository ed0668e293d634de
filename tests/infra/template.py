"""A synthesized template for the guardrails."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = Any
Resource = dict[str, Json]


class Template(NamedTuple):
    """The resources of one stage's stack, by logical id."""

    stage: str
    resources: dict[str, Resource]

    def properties(self, resource_type: str) -> dict[str, Json]:
        """The properties of all resources of a type such as `SQS::Queue`, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == f"AWS::{resource_type}"
        }

    def copy(self) -> Template:
        return Template(self.stage, deepcopy(self.resources))


def read_template(assembly: Path, stage: str) -> Template:
    text = (assembly / f"Souk-{stage}.template.json").read_text()
    return Template(stage, json.loads(text)["Resources"])


def reference(value: Json) -> str:
    """The logical id in a `Ref` or `Fn::GetAtt`; empty if the value is neither."""
    if not isinstance(value, dict):
        return ""
    name: str = value.get("Ref") or value.get("Fn::GetAtt", [""])[0]
    return name


class Statement(NamedTuple):
    """One policy statement, and the logical id of the resource that contains it."""

    resource: str
    body: Json

    def values(self, key: str) -> list[Json]:
        """The values of `Action` or `Resource`, which may be written as one or as a list."""
        value = self.body.get(key, [])
        return value if isinstance(value, list) else [value]


def statements(template: Template) -> Iterator[Statement]:
    """All Allow statements of identity, resource and trust policies."""
    for name, resource in template.resources.items():
        for statement in _statements_in(resource.get("Properties", {})):
            if statement["Effect"] == "Allow":
                yield Statement(name, statement)


def _statements_in(node: Json) -> Iterator[Json]:
    if isinstance(node, dict):
        if "Effect" in node and ("Action" in node or "NotAction" in node):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _statements_in(item)
