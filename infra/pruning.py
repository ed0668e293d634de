"""Removes resource types that a cloud does not support from a template."""

from collections.abc import Iterator
from typing import Any

Json = Any
Template = dict[str, Any]


def used_types(template: Template, types: frozenset[str]) -> tuple[str, ...]:
    """Those of `types` that the template uses, sorted."""
    used = {resource["Type"] for resource in template.get("Resources", {}).values()}
    return tuple(sorted(used & types))


def without_types(template: Template, types: tuple[str, ...]) -> Template:
    """The template without the resources of these types and without references to them.

    A list loses the items that refer to a removed resource, a policy loses such statements. Any
    other property, and any output, that refers to a removed resource is removed as a whole.
    """
    if not types:
        return template
    resources = template["Resources"]
    removed = {name for name, resource in resources.items() if resource["Type"] in types}
    pruned_resources = {
        name: _prune(resource, removed)
        for name, resource in resources.items()
        if name not in removed
    }
    pruned = {
        **template,
        "Resources": {
            name: resource
            for name, resource in pruned_resources.items()
            if not _lost_all_statements(resources[name], resource)
        },
    }
    if outputs := _prune(template.get("Outputs", {}), removed):
        pruned["Outputs"] = outputs
    return pruned


_REMOVED = object()
"""Marks a node that must be removed from its parent."""


def _lost_all_statements(before: dict[str, Json], after: dict[str, Json]) -> bool:
    is_policy = "PolicyDocument" in before.get("Properties", {})
    return is_policy and "Statement" not in after.get("Properties", {}).get("PolicyDocument", {})


def _prune(node: Json, removed: set[str]) -> Json:
    pruned = _pruned_node(node, removed)
    return {} if pruned is _REMOVED else pruned


def _pruned_node(node: Json, removed: set[str]) -> Json:
    if isinstance(node, list):
        items = [item for each in node if (item := _pruned_node(each, removed)) is not _REMOVED]
        return items if items or not node else _REMOVED
    if not isinstance(node, dict):
        return node
    if _refers_to(node, removed):
        return _REMOVED
    if len(node) == 1 and next(iter(node)).startswith("Fn::"):
        return node if _has_no_reference(node, removed) else _REMOVED
    depends_on = node.get("DependsOn")
    fields = {
        key: _pruned_node(value, removed) for key, value in node.items() if key != "DependsOn"
    }
    if _is_broken_statement(fields):
        return _REMOVED
    kept_fields = {key: value for key, value in fields.items() if value is not _REMOVED}
    if depends_on is not None and (remaining := _remaining_names(depends_on, removed)):
        kept_fields["DependsOn"] = remaining
    return kept_fields if kept_fields or not node else _REMOVED


def _refers_to(node: dict[str, Json], removed: set[str]) -> bool:
    if node.get("Ref") in removed:
        return True
    target = node.get("Fn::GetAtt")
    name = target.split(".")[0] if isinstance(target, str) else (target or [None])[0]
    if name in removed:
        return True
    sub = node.get("Fn::Sub")
    text = sub if isinstance(sub, str) else (sub or [""])[0]
    return any(f"${{{name}}}" in text or f"${{{name}." in text for name in removed)


def _has_no_reference(node: dict[str, Json], removed: set[str]) -> bool:
    return all(not _refers_to(each, removed) for each in _objects(node))


def _objects(node: Json) -> Iterator[dict[str, Json]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _objects(item)


def _is_broken_statement(fields: dict[str, Json]) -> bool:
    """Whether a policy statement lost its resource or its principal."""
    is_statement = "Effect" in fields and ("Action" in fields or "NotAction" in fields)
    return is_statement and _REMOVED in (fields.get("Resource"), fields.get("Principal"))


def _remaining_names(depends_on: str | list[str], removed: set[str]) -> list[str]:
    names = [depends_on] if isinstance(depends_on, str) else depends_on
    return [name for name in names if name not in removed]
