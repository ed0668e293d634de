"""Nodes and edges of the map: the deployed resources and the connections between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from infra.shopmap.template import Grant, Template, as_list, reference

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any
EdgeKind = Literal[
    "routes",  # API to the function that serves a route
    "accesses",  # function to a table or bucket that it reads or writes
    "streams",  # table to the function that reads the table's stream
    "publishes",  # relay to bus
    "matches",  # bus to a rule, by the rule's event pattern
    "delivers",  # rule to queue, and queue to consumer
    "archives",  # bus to archive
    "schedules",  # schedule to function
    "invokes",  # function or workflow to a command function
    "starts",  # function to workflow
    "pushes",  # function to the clients of a WebSocket API
    "dead-letters",  # queue, rule or function to its dead-letter queue
    "redrives",  # function to the queue that it moves dead letters back to
]

NODE_KINDS = {
    "AWS::ApiGatewayV2::Api": "api",
    "AWS::DynamoDB::GlobalTable": "table",
    "AWS::DynamoDB::Table": "table",
    "AWS::Events::Archive": "archive",
    "AWS::Events::EventBus": "bus",
    "AWS::Events::Rule": "rule",
    "AWS::Lambda::Function": "function",
    "AWS::S3::Bucket": "bucket",
    "AWS::SQS::Queue": "queue",
    "AWS::StepFunctions::StateMachine": "workflow",
}
"""The resource types on the map."""

STORE_KINDS = ("table", "bucket")
PAGES_PATH = ("Edge", "Site")
"""Construct path of the pages. They are not on the map: no API request or event passes them."""


class Node(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A deployed resource.

    `id` is its logical id, with which its physical name starts; `name` is its construct id. `kind`
    is a value of NODE_KINDS, `dead-letter-queue`, `schedule` or `websocket`. `service` is empty
    for a resource that all services share.
    """

    id: str
    kind: str
    name: str
    service: str = ""


class Edge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A connection between two nodes. `labels` are event names, route keys or commands."""

    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    kind: EdgeKind
    labels: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Unique: no two edges of the shop connect the same nodes in the same direction."""
        return f"{self.start}>{self.end}"


class EventSources(NamedTuple):
    """The bus source of every event, by the event's name."""

    by_event: Mapping[str, str]

    def events_of(self, source: str) -> tuple[str, ...]:
        return tuple(sorted(event for event, each in self.by_event.items() if each == source))

    def matching(self, pattern: Json) -> tuple[str, ...]:
        """The events that a rule's event pattern matches.

        Raises KeyError for a pattern of other elements than values and prefixes.
        """
        sources, names = pattern.get("source"), pattern.get("detail-type")
        return tuple(
            sorted(
                event
                for event, source in self.by_event.items()
                if _matches(source, sources) and _matches(event, names)
            )
        )


def find_nodes(template: Template) -> list[Node]:
    """All resources on the map. A queue that only receives dead letters has its own kind."""
    dead_letter_queues = {queue for _, queue in _dead_letter_targets(template)}
    return [
        Node(
            id=logical_id,
            kind=_node_kind(resource, is_dead_letter_queue=logical_id in dead_letter_queues),
            name=_construct_name(template.paths[logical_id]),
            service=_service_name(template.paths[logical_id]),
        )
        for logical_id, resource in template.resources.items()
        if resource["Type"] in NODE_KINDS and template.paths[logical_id][:2] != PAGES_PATH
    ]


def find_edges(template: Template, sources: EventSources) -> list[Edge]:
    """All edges in a fixed order; edges of one kind between the same nodes are merged."""
    edges = [
        *_route_edges(template),
        *_trigger_edges(template),
        *_rule_edges(template, sources),
        *_archive_edges(template),
        *(edge for grant in template.grants() for edge in _grant_edges(template, grant, sources)),
        *(
            Edge(start=start, end=queue, kind="dead-letters")
            for start, queue in _dead_letter_targets(template)
        ),
    ]
    merged: dict[tuple[str, str, EdgeKind], tuple[str, ...]] = {}
    for edge in edges:
        key = edge.start, edge.end, edge.kind
        merged[key] = tuple(dict.fromkeys((*merged.get(key, ()), *edge.labels)))
    return [
        Edge(start=start, end=end, kind=kind, labels=labels)
        for (start, end, kind), labels in sorted(merged.items())
    ]


def _node_kind(resource: Json, *, is_dead_letter_queue: bool) -> str:
    if is_dead_letter_queue:
        return "dead-letter-queue"
    if "ScheduleExpression" in resource.get("Properties", {}):
        return "schedule"
    if resource.get("Properties", {}).get("ProtocolType") == "WEBSOCKET":
        return "websocket"
    return NODE_KINDS[resource["Type"]]


def _service_name(path: tuple[str, ...]) -> str:
    """The outermost construct of a path, in lower case: `catalog` for `Catalog/Api/Resource`.

    Empty for a resource that is directly in the stack: `Bus/Resource`.
    """
    return path[0].lower() if len(path) > 2 else ""


def _construct_name(path: tuple[str, ...]) -> str:
    """The last construct id of a path: `Api` for `Catalog/Api/Resource`."""
    return [part for part in path if part != "Resource"][-1]


def _route_edges(template: Template) -> Iterator[Edge]:
    functions = {
        logical_id: reference(properties.get("IntegrationUri"))[0]
        for logical_id, properties in template.properties("ApiGatewayV2::Integration")
    }
    for _, route in template.properties("ApiGatewayV2::Route"):
        function = functions.get(reference(route.get("Target"))[0])
        if function:
            api = reference(route["ApiId"])[0]
            yield Edge(start=api, end=function, kind="routes", labels=(route["RouteKey"],))


def _trigger_edges(template: Template) -> Iterator[Edge]:
    for _, mapping in template.properties("Lambda::EventSourceMapping"):
        source, _ = reference(mapping["EventSourceArn"])
        kind: EdgeKind = "delivers" if _has_type(template, source, "AWS::SQS::Queue") else "streams"
        yield Edge(start=source, end=reference(mapping["FunctionName"])[0], kind=kind)


def _rule_edges(template: Template, sources: EventSources) -> Iterator[Edge]:
    for logical_id, rule in template.properties("Events::Rule"):
        events: tuple[str, ...] = ()
        kind: EdgeKind = "schedules"
        if "EventPattern" in rule:
            events, kind = sources.matching(rule["EventPattern"]), "delivers"
            bus, _ = reference(rule.get("EventBusName"))
            if bus:  # other rules are on the default bus, which is not in the template
                yield Edge(start=bus, end=logical_id, kind="matches", labels=events)
        for target in rule.get("Targets", ()):
            end, _ = reference(target["Arn"])
            yield Edge(start=logical_id, end=end, kind=kind, labels=events)


def _archive_edges(template: Template) -> Iterator[Edge]:
    for logical_id, archive in template.properties("Events::Archive"):
        yield Edge(start=reference(archive["SourceArn"])[0], end=logical_id, kind="archives")


def _dead_letter_targets(template: Template) -> Iterator[tuple[str, str]]:
    """Pairs of a queue, rule or function and its dead-letter queue."""
    for logical_id, queue in template.properties("SQS::Queue"):
        if redrive_policy := queue.get("RedrivePolicy"):
            yield logical_id, reference(redrive_policy["deadLetterTargetArn"])[0]
    for logical_id, rule in template.properties("Events::Rule"):
        for target in rule.get("Targets", ()):
            if dead_letter_config := target.get("DeadLetterConfig"):
                yield logical_id, reference(dead_letter_config)[0]
    yield from _failure_destinations(template)


def _failure_destinations(template: Template) -> Iterator[tuple[str, str]]:
    for resource_type in ("Lambda::EventSourceMapping", "Lambda::EventInvokeConfig"):
        for _, properties in template.properties(resource_type):
            if on_failure := properties.get("DestinationConfig", {}).get("OnFailure"):
                yield reference(properties["FunctionName"])[0], reference(on_failure)[0]


_KIND_BY_ACTION: dict[str, EdgeKind] = {
    "lambda:InvokeFunction": "invokes",
    "states:StartExecution": "starts",
    "execute-api:ManageConnections": "pushes",
}


def _grant_edges(template: Template, grant: Grant, sources: EventSources) -> Iterator[Edge]:
    """The edges that a grant implies: each function uses all that its role allows."""
    start, end = grant.holder, grant.resource
    if "events:PutEvents" in grant.actions:
        published = sources.events_of(grant.event_source)
        yield Edge(start=start, end=end, kind="publishes", labels=published)
    elif actions := grant.actions & _KIND_BY_ACTION.keys():
        kind = _KIND_BY_ACTION[next(iter(actions))]
        yield Edge(start=start, end=end, kind=kind, labels=_commands(template, start, end))
    elif "sqs:SendMessage" in grant.actions:
        # A function that may send to a queue of another kind moves dead letters back to it.
        dead_letter_queues = {queue for _, queue in _dead_letter_targets(template)}
        kind = "dead-letters" if end in dead_letter_queues else "redrives"
        yield Edge(start=start, end=end, kind=kind)
    elif _is_store(template, grant):
        yield Edge(start=start, end=end, kind="accesses")


def _commands(template: Template, caller: str, function: str) -> tuple[str, ...]:
    """The commands that a workflow invokes on a function; empty for any other caller."""
    if not _has_type(template, caller, "AWS::StepFunctions::StateMachine"):
        return ()
    machine = template.resources[caller]["Properties"]
    states = workflow_definition(machine)["States"].values()
    return tuple(
        state["Parameters"]["Payload"]["command"]
        for state in states
        if invoked_function(state, machine) == function
    )


def workflow_definition(machine: Json) -> Json:
    """The ASL document of a state machine, with `?` for values known after deployment only."""
    text = machine["DefinitionString"]
    if not isinstance(text, str):
        text = "".join(part if isinstance(part, str) else "?" for part in text["Fn::Join"][1])
    return msgspec.json.decode(text)


def invoked_function(state: Json, machine: Json) -> str:
    """The logical id of the function that a workflow state invokes; empty if there is none."""
    placeholder = str(state.get("Parameters", {}).get("FunctionName", ""))
    substitutions = machine.get("DefinitionSubstitutions", {})
    return reference(substitutions.get(placeholder.strip("${}")))[0]


def _has_type(template: Template, logical_id: str, resource_type: str) -> bool:
    return bool(template.resources.get(logical_id, {}).get("Type") == resource_type)


def _is_store(template: Template, grant: Grant) -> bool:
    """Whether the grant is on a store itself; one on a table's stream is the edge `streams`."""
    kind = NODE_KINDS.get(template.resources[grant.resource]["Type"])
    return kind in STORE_KINDS and grant.attribute != "StreamArn"


def _matches(value: str, patterns: Json) -> bool:
    """Whether one of the patterns is `value` or a prefix of it; None matches everything.

    Raises KeyError for any other element of an event pattern.
    """
    if patterns is None:
        return True
    return any(
        value.startswith(each["prefix"]) if isinstance(each, dict) else value == each
        for each in as_list(patterns)
    )
