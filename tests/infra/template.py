"""A synthesized template, as the guardrails look at it."""

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

    def of(self, kind: str) -> dict[str, Json]:
        """The properties of all resources of a type such as `SQS::Queue`."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def copy(self) -> Template:
        return Template(self.stage, deepcopy(self.resources))


def read(assembly: Path, stage: str) -> Template:
    text = (assembly / f"Souk-{stage}.template.json").read_text()
    return Template(stage, json.loads(text)["Resources"])


def referred(value: Json) -> str:
    """The logical id a `Ref` or `Fn::GetAtt` names; empty when it is neither."""
    if not isinstance(value, dict):
        return ""
    found: str = value.get("Ref") or value.get("Fn::GetAtt", [""])[0]
    return found


class Statement(NamedTuple):
    """One statement of a policy, and the resource the policy is written in."""

    where: str
    body: Json

    def said(self, key: str) -> list[Json]:
        value = self.body.get(key, [])
        return value if isinstance(value, list) else [value]


def statements(template: Template) -> Iterator[Statement]:
    """Every statement that allows something: of identities, of resources, of trust."""
    for name, resource in template.resources.items():
        for statement in _written_in(resource.get("Properties", {})):
            if statement["Effect"] == "Allow":
                yield Statement(name, statement)


def _written_in(node: Json) -> Iterator[Json]:
    if isinstance(node, dict):
        if "Effect" in node and ("Action" in node or "NotAction" in node):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _written_in(each)
