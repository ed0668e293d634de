"""`map.json`: nodes, edges, rooms and facts of the shop, and where each is drawn."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from infra.shopmap.graph import Edge, Facts, Means, Node, asks, definition, edges, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra.shopmap.template import Template

Json = Any


class Route(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    summary: str
    description: str


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room with its contract."""

    id: str
    name: str
    about: str
    says: tuple[str, ...]
    hears: tuple[str, ...]
    routes: tuple[Route, ...]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: str


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with its schema, as the AsyncAPI document has it."""

    name: str
    room: str
    summary: str
    fields: tuple[Field, ...]
    heard_by: tuple[str, ...]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow's state; a task names the room it asks."""

    name: str
    type: str
    room: str = ""
    next: tuple[str, ...] = ()
    caught: tuple[str, ...] = ()
    """Where it goes when the task fails."""


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    start: str
    states: tuple[State, ...]


class Plan(NamedTuple):
    """Everything that is drawn, before it has a place."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    rooms: Sequence[Room]
    facts: Sequence[Fact]
    workflows: Sequence[Workflow]

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.id == name)

    def of(self, room: str, kind: str) -> list[Node]:
        return [node for node in self.nodes if node.room == room and node.kind == kind]

    def out_of(self, node: str, *means: Means) -> list[Edge]:
        return [edge for edge in self.edges if edge.start == node and edge.means in means]

    def into(self, node: str, *means: Means) -> list[Edge]:
        return [edge for edge in self.edges if edge.end == node and edge.means in means]

    def graves(self, node: str) -> list[str]:
        """Where it leaves what it cannot handle, unless that is its queue's already."""
        queues = [
            edge.start
            for edge in self.into(node, "delivers")
            if self.node(edge.start).kind == "queue"
        ]
        of_queue = {edge.end for queue in queues for edge in self.out_of(queue, "gives-up")}
        return [edge.end for edge in self.out_of(node, "gives-up") if edge.end not in of_queue]


def plan(template: Template, openapi: Json, asyncapi: Json) -> Plan:
    """The plan of what the template deploys; the documents say what is meant by it."""
    facts = tuple(_facts(asyncapi))
    messages = asyncapi["channels"]["bus"]["messages"]
    sources = Facts({name: message["x-source"] for name, message in messages.items()})
    lines = edges(template, sources)
    things = nodes(template)
    inhabited = [node.room for node in things if node.kind == "function"]
    things = [
        node if node.room in inhabited else msgspec.structs.replace(node, room="")
        for node in things
    ]
    rooms = [_room(name, things, lines, openapi, facts) for name in dict.fromkeys(inhabited)]
    return Plan(things, lines, rooms, facts, tuple(_workflows(template, things)))


def _room(
    name: str, things: Sequence[Node], lines: Sequence[Edge], openapi: Json, facts: Sequence[Fact]
) -> Room:
    rules = {node.id for node in things if node.room == name and node.kind == "rule"}
    heard = {fact for edge in lines if edge.end in rules for fact in edge.carries}
    own = {node.id for node in things if node.room == name}
    keys = {
        key for edge in lines if edge.end in own and edge.means == "routes" for key in edge.carries
    }
    about = next((tag["description"] for tag in openapi["tags"] if tag["name"] == name), "")
    return Room(
        id=name,
        name=name.capitalize(),
        about=about,
        says=tuple(fact.name for fact in facts if fact.room == name),
        hears=tuple(fact.name for fact in facts if fact.name in heard),
        routes=tuple(_routes(openapi, keys)),
    )


def _routes(openapi: Json, keys: set[str]) -> Iterator[Route]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            key = f"{method.upper()} {path}"
            if key in keys:
                yield Route(
                    key=key, summary=operation["summary"], description=operation["description"]
                )


def _facts(asyncapi: Json) -> Iterator[Fact]:
    schemas = asyncapi["components"]["schemas"]
    for name, message in asyncapi["channels"]["bus"]["messages"].items():
        yield Fact(
            name=name,
            room=message["x-source"].rpartition(".")[2],
            summary=message["summary"],
            fields=tuple(
                Field(name=field, type=_type(schema))
                for field, schema in schemas[name]["properties"].items()
            ),
            heard_by=tuple(message["x-heard-by"]),
        )


def _type(schema: Mapping[str, Any]) -> str:
    """A JSON schema's type in a few letters: `text`, `list of Money`, `text or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    named = {"string": "text", "integer": "whole number", "boolean": "yes or no"}
    return named.get(str(schema.get("type")), str(schema.get("type", "anything")))


def _workflows(template: Template, things: Sequence[Node]) -> Iterator[Workflow]:
    rooms = defaultdict(str, {node.id: node.room for node in things})
    for name, machine in template.of("StepFunctions::StateMachine"):
        written = definition(machine)
        states = tuple(
            State(
                name=state,
                type=body["Type"],
                room=rooms[asks(body, machine)],
                next=tuple(dict.fromkeys(_following(body))),
                caught=tuple(dict.fromkeys(each["Next"] for each in body.get("Catch", ()))),
            )
            for state, body in written["States"].items()
        )
        yield Workflow(id=name, start=written["StartAt"], states=states)


def _following(body: Json) -> Iterator[str]:
    """What comes after a state, what is hoped for first."""
    if "Next" in body:
        yield body["Next"]
    yield from (choice["Next"] for choice in body.get("Choices", ()))
    if "Default" in body:
        yield body["Default"]
