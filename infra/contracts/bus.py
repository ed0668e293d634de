"""The facts on the bus as an AsyncAPI 3.0 document, and as a page for people."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from souk.kernel import facts
from souk.kernel.facts import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from souk.kernel.facts import Hears

Json = dict[str, Any]

TEXT = {"type": "string"}


class Said(NamedTuple):
    """A fact, the room that says it, and the rooms that hear it."""

    fact: type[Fact]
    room: str
    heard_by: list[str]

    @property
    def promise(self) -> str:
        return inspect.getdoc(self.fact) or ""


def said(says: Mapping[str, ModuleType], hears: Mapping[str, Hears]) -> list[Said]:
    """All facts, room by room, in the order they are declared."""
    return [
        Said(fact, room, [name for name, heard in hears.items() if {fact, Fact} & heard.keys()])
        for room, module in says.items()
        for fact in _declared_in(module)
    ]


def _declared_in(module: ModuleType) -> Iterator[type[Fact]]:
    for each in vars(module).values():
        if inspect.isclass(each) and issubclass(each, Fact) and each.__module__ == module.__name__:
            yield each


def document(everything: list[Said], version: str) -> Json:
    """One channel, the bus; each fact a message in its envelope."""
    kinds = [each.fact for each in everything]
    refs, schemas = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}"
    )
    messages = {
        each.fact.__name__: {
            "name": each.fact.__name__,
            "summary": each.promise.splitlines()[0],
            "x-source": facts.source(each.fact),
            "x-heard-by": each.heard_by,
            "payload": _enveloped(ref),
        }
        for each, ref in zip(everything, refs, strict=True)
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Souk: facts on the bus", "version": version},
        "channels": {"bus": {"address": "EventBridge", "messages": messages}},
        "operations": {},
        "components": {"schemas": schemas},
    }


def _enveloped(data: Json) -> Json:
    return {
        "type": "object",
        "required": ["id", "time", "correlation_id", "data"],
        "properties": {
            "id": TEXT,
            "time": TEXT,
            "correlation_id": TEXT,
            "causation_id": {"type": ["string", "null"]},
            "data": data,
        },
    }


def markdown(everything: list[Said]) -> str:
    """The page `docs/events.md`."""
    return "\n".join(_page(everything)) + "\n"


def _page(everything: list[Said]) -> Iterator[str]:
    yield "# Facts on the bus"
    yield ""
    yield "Generated from the classes by `./souk events`; do not edit. In a bus event `source` is"
    yield "the room, `detail-type` the fact, and `detail` is `{id, time, correlation_id,"
    yield "causation_id, data}` with the fields below in `data`. Delivery is at least once, in any"
    yield "order. Facts gain optional fields; anything else is a new fact beside the old."
    for room in dict.fromkeys(each.room for each in everything):
        yield f"\n## {room}"
        for each in everything:
            if each.room == room:
                yield from _section(each)


def _section(each: Said) -> Iterator[str]:
    heard_by = ", ".join(each.heard_by) or "nobody yet"
    yield f"\n### {each.fact.__name__}\n"
    yield each.promise
    yield f"\nSource `{facts.source(each.fact)}`, heard by {heard_by}.\n"
    yield "| field | type |"
    yield "|---|---|"
    for field in each.fact.__struct_fields__:
        yield f"| `{field}` | {_type_name(each.fact.__annotations__[field])} |"


def _type_name(annotation: object) -> str:
    return str(annotation).replace("|", "or")
