"""Whether a listener of yesterday understands the facts of today, and today's those of yesterday.

Both matter: listeners are deployed on their own, and old facts come back from archive and
dead-letter queues. So a fact may gain optional fields, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

_KIND = ("type", "enum", "const", "format", "additionalProperties")


def breaking_changes(old: Json, new: Json) -> list[str]:
    """What an AsyncAPI document takes from listeners of the `old` one: a sentence each."""
    return list(_in_facts(old, new))


def _in_facts(old: Json, new: Json) -> Iterator[str]:
    after = new["channels"]["bus"]["messages"]
    for name, message in old["channels"]["bus"]["messages"].items():
        if name not in after:
            yield f"{name} is not said any more"
            continue
        if after[name]["x-source"] != message["x-source"]:
            yield f"{name} is said by {after[name]['x-source']}, not by {message['x-source']}"
        was, now = _inlined(message["payload"], old), _inlined(after[name]["payload"], new)
        yield from _in_schema(name, was, now)


def _inlined(schema: Any, document: Json) -> Any:
    """The schema with what it refers to in place of the references."""
    if isinstance(schema, list):
        return [_inlined(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _inlined(document["components"]["schemas"][name], document)
    return {key: _inlined(value, document) for key, value in schema.items()}


def _in_schema(where: str, old: Json, new: Json) -> Iterator[str]:
    if _kind(old) != _kind(new):
        yield f"{where} is of another type"
        return
    for before, after in zip(_inner(old), _inner(new), strict=True):
        yield from _in_schema(where, before, after)
    yield from _in_fields(where, old, new)


def _kind(schema: Json) -> Json:
    return {key: schema.get(key) for key in _KIND} | {"parts": len(_inner(schema))}


def _inner(schema: Json) -> list[Json]:
    """A list's items, or what it may be one of."""
    return [schema["items"]] if "items" in schema else schema.get("anyOf", [])


def _in_fields(where: str, old: Json, new: Json) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    was_there, is_there = set(old.get("required", ())), set(new.get("required", ()))
    for name, field in before.items():
        if name in after:
            yield from _in_schema(f"{where}.{name}", field, after[name])
        else:
            yield f"{where}.{name} is gone"
    for name in sorted(is_there - was_there):
        yield f"{where}.{name} is required, and older facts have none"
    for name in sorted((was_there - is_there) & set(after)):
        yield f"{where}.{name} may be missing now"
