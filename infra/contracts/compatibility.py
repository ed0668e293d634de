"""Detects changes of the event schemas that break existing subscribers or stored events.

A change must be compatible in both directions: services are deployed at different times, and old
events return from the archive and from dead-letter queues. An event may only get optional fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

_TYPE_KEYWORDS = ("type", "enum", "const", "format", "additionalProperties")


def breaking_changes(old: Json, new: Json) -> list[str]:
    """One sentence per incompatible difference between two AsyncAPI documents."""
    return list(_event_changes(old, new))


def _event_changes(old: Json, new: Json) -> Iterator[str]:
    new_messages = new["channels"]["bus"]["messages"]
    for name, message in old["channels"]["bus"]["messages"].items():
        if name not in new_messages:
            yield f"{name} is no longer published"
            continue
        old_source, new_source = message["x-source"], new_messages[name]["x-source"]
        if new_source != old_source:
            yield f"{name} is published by {new_source} instead of {old_source}"
        yield from _schema_changes(
            name,
            _resolve_references(message["payload"], old),
            _resolve_references(new_messages[name]["payload"], new),
        )


def _resolve_references(schema: Any, document: Json) -> Any:
    """The schema with each `$ref` replaced by the schema that it refers to."""
    if isinstance(schema, list):
        return [_resolve_references(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolve_references(document["components"]["schemas"][name], document)
    return {key: _resolve_references(value, document) for key, value in schema.items()}


def _schema_changes(path: str, old: Json, new: Json) -> Iterator[str]:
    if _type_of(old) != _type_of(new):
        yield f"{path} has another type"
        return
    for old_part, new_part in zip(_subschemas(old), _subschemas(new), strict=True):
        yield from _schema_changes(path, old_part, new_part)
    yield from _field_changes(path, old, new)


def _type_of(schema: Json) -> Json:
    keywords = {key: schema.get(key) for key in _TYPE_KEYWORDS}
    return keywords | {"subschemas": len(_subschemas(schema))}


def _subschemas(schema: Json) -> list[Json]:
    """The schema of an array's items, or the alternatives of a union."""
    return [schema["items"]] if "items" in schema else schema.get("anyOf", [])


def _field_changes(path: str, old: Json, new: Json) -> Iterator[str]:
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
    for name, field in old_fields.items():
        if name in new_fields:
            yield from _schema_changes(f"{path}.{name}", field, new_fields[name])
        else:
            yield f"{path}.{name} was removed"
    for name in sorted(is_required - was_required):
        yield f"{path}.{name} is required, but older events do not have it"
    for name in sorted((was_required - is_required) & set(new_fields)):
        yield f"{path}.{name} is no longer required"
