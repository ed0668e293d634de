"""The plan: nodes, edges, services, events and workflows of the shop, for `map.json`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from infra.shopmap.graph import (
    Edge,
    EdgeKind,
    EventSources,
    Node,
    find_edges,
    find_nodes,
    invoked_function,
    workflow_definition,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra.shopmap.template import Template

Json = Any


class Route(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    summary: str
    description: str


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service with its contract. `publishes` and `subscribes` are event names."""

    id: str
    name: str
    description: str
    publishes: tuple[str, ...]
    subscribes: tuple[str, ...]
    routes: tuple[Route, ...]


class Field(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its fields, as in the AsyncAPI document."""

    name: str
    service: str
    summary: str
    fields: tuple[Field, ...]
    subscribers: tuple[str, ...]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow state. `service` is the service that a task invokes."""

    name: str
    type: str
    service: str = ""
    next: tuple[str, ...] = ()
    on_error: tuple[str, ...] = ()
    """The states that follow when the task fails."""


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    start: str
    states: tuple[State, ...]


class Plan(NamedTuple):
    """Everything on the map, without positions."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    services: Sequence[Service]
    events: Sequence[Event]
    workflows: Sequence[Workflow]

    def node(self, node_id: str) -> Node:
        return next(node for node in self.nodes if node.id == node_id)

    def nodes_of(self, service: str, kind: str) -> list[Node]:
        return [node for node in self.nodes if node.service == service and node.kind == kind]

    def edges_from(self, node_id: str, *kinds: EdgeKind) -> list[Edge]:
        return [edge for edge in self.edges if edge.start == node_id and edge.kind in kinds]

    def edges_to(self, node_id: str, *kinds: EdgeKind) -> list[Edge]:
        return [edge for edge in self.edges if edge.end == node_id and edge.kind in kinds]

    def dead_letter_queues(self, node_id: str) -> list[str]:
        """The node's dead-letter queues, without those of the queue that it consumes."""
        queues = [
            edge.start
            for edge in self.edges_to(node_id, "delivers")
            if self.node(edge.start).kind == "queue"
        ]
        of_queues = {
            edge.end for queue in queues for edge in self.edges_from(queue, "dead-letters")
        }
        return [
            edge.end
            for edge in self.edges_from(node_id, "dead-letters")
            if edge.end not in of_queues
        ]


def build_plan(template: Template, openapi: Json, asyncapi: Json) -> Plan:
    """The plan of the template's resources, described by the OpenAPI and AsyncAPI documents."""
    events = tuple(_events(asyncapi))
    messages = asyncapi["channels"]["bus"]["messages"]
    sources = EventSources({name: message["x-source"] for name, message in messages.items()})
    edges = find_edges(template, sources)
    nodes = find_nodes(template)
    service_names = [node.service for node in nodes if node.kind == "function"]
    nodes = [
        node if node.service in service_names else msgspec.structs.replace(node, service="")
        for node in nodes
    ]
    services = [
        _service(name, nodes, edges, openapi, events) for name in dict.fromkeys(service_names)
    ]
    return Plan(nodes, edges, services, events, tuple(_workflows(template, nodes)))


def _service(
    name: str, nodes: Sequence[Node], edges: Sequence[Edge], openapi: Json, events: Sequence[Event]
) -> Service:
    rules = {node.id for node in nodes if node.service == name and node.kind == "rule"}
    subscribed = {event for edge in edges if edge.end in rules for event in edge.labels}
    own_nodes = {node.id for node in nodes if node.service == name}
    route_keys = {
        key
        for edge in edges
        if edge.end in own_nodes and edge.kind == "routes"
        for key in edge.labels
    }
    description = next((tag["description"] for tag in openapi["tags"] if tag["name"] == name), "")
    return Service(
        id=name,
        name=name.capitalize(),
        description=description,
        publishes=tuple(event.name for event in events if event.service == name),
        subscribes=tuple(event.name for event in events if event.name in subscribed),
        routes=tuple(_routes(openapi, route_keys)),
    )


def _routes(openapi: Json, keys: set[str]) -> Iterator[Route]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            key = f"{method.upper()} {path}"
            if key in keys:
                yield Route(
                    key=key, summary=operation["summary"], description=operation["description"]
                )


def _events(asyncapi: Json) -> Iterator[Event]:
    schemas = asyncapi["components"]["schemas"]
    for name, message in asyncapi["channels"]["bus"]["messages"].items():
        yield Event(
            name=name,
            service=message["x-source"].rpartition(".")[2],
            summary=message["summary"],
            fields=tuple(
                Field(name=field, type=_type_name(schema))
                for field, schema in schemas[name]["properties"].items()
            ),
            subscribers=tuple(message["x-subscribers"]),
        )


def _type_name(schema: Mapping[str, Any]) -> str:
    """A short name for the type of a JSON schema: `text`, `list of Money`, `text or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type_name(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(str(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type_name(schema.get('items', {}))}"
    names = {"string": "text", "integer": "whole number", "boolean": "yes or no"}
    return names.get(str(schema.get("type")), str(schema.get("type", "anything")))


def _workflows(template: Template, nodes: Sequence[Node]) -> Iterator[Workflow]:
    service_of = defaultdict(str, {node.id: node.service for node in nodes})
    for logical_id, machine in template.properties("StepFunctions::StateMachine"):
        definition = workflow_definition(machine)
        states = tuple(
            State(
                name=state_name,
                type=state["Type"],
                service=service_of[invoked_function(state, machine)],
                next=tuple(dict.fromkeys(_next_states(state))),
                on_error=tuple(dict.fromkeys(each["Next"] for each in state.get("Catch", ()))),
            )
            for state_name, state in definition["States"].items()
        )
        yield Workflow(id=logical_id, start=definition["StartAt"], states=states)


def _next_states(state: Json) -> Iterator[str]:
    """The states that follow without an error, the default of a choice last."""
    if "Next" in state:
        yield state["Next"]
    yield from (choice["Next"] for choice in state.get("Choices", ()))
    if "Default" in state:
        yield state["Default"]
