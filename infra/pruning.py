"""A template without some resource types, for a cloud that does not know them."""

from collections.abc import Iterator
from typing import Any

Json = Any
Template = dict[str, Any]


def types_present(template: Template, types: frozenset[str]) -> tuple[str, ...]:
    """Those of `types` the template really uses, in order."""
    used = {resource["Type"] for resource in template.get("Resources", {}).values()}
    return tuple(sorted(used & types))


def without(template: Template, types: tuple[str, ...]) -> Template:
    """The template without these resource types, and without whatever needs one of them.

    A list loses the items that refer to them, a policy the statements; an output or a
    property that refers to them goes as a whole.
    """
    if not types:
        return template
    resources = template["Resources"]
    gone = {name for name, resource in resources.items() if resource["Type"] in types}
    kept = {name: _prune(body, gone) for name, body in resources.items() if name not in gone}
    sensible = {name: body for name, body in kept.items() if _says_something(resources[name], body)}
    pruned = {**template, "Resources": sensible}
    if outputs := _prune(template.get("Outputs", {}), gone):
        pruned["Outputs"] = outputs
    return pruned


_NOTHING = object()


def _says_something(before: dict[str, Json], after: dict[str, Json]) -> bool:
    was_policy = "PolicyDocument" in before.get("Properties", {})
    return not was_policy or "Statement" in after.get("Properties", {}).get("PolicyDocument", {})


def _prune(node: Json, gone: set[str]) -> Json:
    left = _pruned(node, gone)
    return {} if left is _NOTHING else left


def _pruned(node: Json, gone: set[str]) -> Json:
    if isinstance(node, list):
        kept = [left for item in node if (left := _pruned(item, gone)) is not _NOTHING]
        return kept if kept or not node else _NOTHING
    if not isinstance(node, dict):
        return node
    if _refers_to(node, gone):
        return _NOTHING
    if len(node) == 1 and next(iter(node)).startswith("Fn::"):
        return node if _pruned_equal(node, gone) else _NOTHING
    depends = node.get("DependsOn")
    rest = {key: _pruned(value, gone) for key, value in node.items() if key != "DependsOn"}
    if _is_broken_statement(rest):
        return _NOTHING
    kept_fields = {key: value for key, value in rest.items() if value is not _NOTHING}
    if depends is not None and (still := _still_there(depends, gone)):
        kept_fields["DependsOn"] = still
    return kept_fields if kept_fields or not node else _NOTHING


def _refers_to(node: dict[str, Json], gone: set[str]) -> bool:
    if node.get("Ref") in gone:
        return True
    target = node.get("Fn::GetAtt")
    name = target.split(".")[0] if isinstance(target, str) else (target or [None])[0]
    if name in gone:
        return True
    text = node.get("Fn::Sub")
    written = text if isinstance(text, str) else (text or [""])[0]
    return any(f"${{{name}}}" in written or f"${{{name}." in written for name in gone)


def _pruned_equal(node: dict[str, Json], gone: set[str]) -> bool:
    return all(not _refers_to(inner, gone) for inner in _objects(node))


def _objects(node: Json) -> Iterator[dict[str, Json]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _objects(item)


def _is_broken_statement(fields: dict[str, Json]) -> bool:
    is_statement = "Effect" in fields and ("Action" in fields or "NotAction" in fields)
    return is_statement and _NOTHING in (fields.get("Resource"), fields.get("Principal"))


def _still_there(depends: str | list[str], gone: set[str]) -> list[str]:
    names = [depends] if isinstance(depends, str) else depends
    return [name for name in names if name not in gone]
