"""Nodes and edges: what the template deploys, and what of it leads, says or asks where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from infra.shopmap.template import Grant, Template, listed, referred

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any
Means = Literal[
    "routes",  # a request to its function
    "data",  # a function reads or writes
    "streams",  # new outbox rows wake the relay
    "says",  # facts to the bus
    "carries",  # the bus to a rule, by its pattern
    "delivers",  # to a queue, and from it to its consumer
    "keeps",  # every fact, in the archive
    "wakes",  # a clock
    "asks",  # a command, directly
    "starts",  # a workflow
    "pushes",  # to whoever is connected
    "gives-up",  # what could not be handled
    "redrives",  # and, mended, goes back
]

KINDS = {
    "AWS::ApiGatewayV2::Api": "api",
    "AWS::DynamoDB::GlobalTable": "table",
    "AWS::DynamoDB::Table": "table",
    "AWS::Events::Archive": "archive",
    "AWS::Events::EventBus": "bus",
    "AWS::Events::Rule": "rule",
    "AWS::Kinesis::Stream": "stream",
    "AWS::Lambda::Function": "function",
    "AWS::S3::Bucket": "bucket",
    "AWS::SQS::Queue": "queue",
    "AWS::StepFunctions::StateMachine": "workflow",
}
STORES = ("table", "bucket", "stream")
PAGES = ("Edge", "Site")  # where the map itself lies, too; no request or fact comes by


class Node(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A deployed thing. `id` is its logical id, from which its physical name begins."""

    id: str
    kind: str
    name: str
    room: str = ""


class Edge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing leads to another. `carries` are facts, route keys or commands, by `means`."""

    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    means: Means
    carries: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.start}>{self.end}"


class Facts(NamedTuple):
    """The facts there are, each with the source that says it."""

    source: Mapping[str, str]

    def said_by(self, source: str) -> tuple[str, ...]:
        return tuple(sorted(name for name, said in self.source.items() if said == source))

    def matching(self, pattern: Json) -> tuple[str, ...]:
        """Those a rule's pattern lets through."""
        sources, names = pattern.get("source"), pattern.get("detail-type")
        return tuple(
            sorted(
                name
                for name, source in self.source.items()
                if _matches(source, sources) and _matches(name, names)
            )
        )


def nodes(template: Template) -> list[Node]:
    """Everything the map shows; what only receives what others gave up is `dead-letters`."""
    dead = {end for _, end in _given_up(template)}
    return [
        Node(
            id=name,
            kind=_kind(resource, is_dead=name in dead),
            name=_name(template.places[name]),
            room=template.places[name][0].lower() if len(template.places[name]) > 2 else "",
        )
        for name, resource in template.resources.items()
        if resource["Type"] in KINDS and template.places[name][:2] != PAGES
    ]


def edges(template: Template, facts: Facts) -> list[Edge]:
    """All of them, each pair and meaning once, in a fixed order."""
    found = [
        *_routes(template),
        *_triggers(template),
        *_rules(template, facts),
        *_archives(template),
        *(each for grant in template.grants() for each in _granted(template, grant, facts)),
        *(Edge(start=start, end=end, means="gives-up") for start, end in _given_up(template)),
    ]
    merged: dict[tuple[str, str, Means], tuple[str, ...]] = {}
    for edge in found:
        key = edge.start, edge.end, edge.means
        merged[key] = tuple(dict.fromkeys((*merged.get(key, ()), *edge.carries)))
    return [
        Edge(start=start, end=end, means=means, carries=carries)
        for (start, end, means), carries in sorted(merged.items())
    ]


def _kind(resource: Json, *, is_dead: bool) -> str:
    if is_dead:
        return "dead-letters"
    if "ScheduleExpression" in resource.get("Properties", {}):
        return "clock"
    if resource.get("Properties", {}).get("ProtocolType") == "WEBSOCKET":
        return "socket"
    return KINDS[resource["Type"]]


def _name(place: tuple[str, ...]) -> str:
    """The construct's own name: `Catalog/Api/Resource` is `Api`."""
    named = [part for part in place if part != "Resource"]
    return named[-1]


def _routes(template: Template) -> Iterator[Edge]:
    targets = {
        name: referred(properties.get("IntegrationUri"))[0]
        for name, properties in template.of("ApiGatewayV2::Integration")
    }
    for _, route in template.of("ApiGatewayV2::Route"):
        function = targets.get(referred(route.get("Target"))[0])
        if function:
            api = referred(route["ApiId"])[0]
            yield Edge(start=api, end=function, means="routes", carries=(route["RouteKey"],))


def _triggers(template: Template) -> Iterator[Edge]:
    for _, mapping in template.of("Lambda::EventSourceMapping"):
        source, _ = referred(mapping["EventSourceArn"])
        means: Means = "delivers" if _is(template, source, "AWS::SQS::Queue") else "streams"
        yield Edge(start=source, end=referred(mapping["FunctionName"])[0], means=means)


def _rules(template: Template, facts: Facts) -> Iterator[Edge]:
    for name, rule in template.of("Events::Rule"):
        carried: tuple[str, ...] = ()
        means: Means = "wakes"
        if "EventPattern" in rule:
            carried, means = facts.matching(rule["EventPattern"]), "delivers"
            bus, _ = referred(rule.get("EventBusName"))
            if bus:  # the rest is on AWS's own, which is of no shop
                yield Edge(start=bus, end=name, means="carries", carries=carried)
        for target in rule.get("Targets", ()):
            yield Edge(start=name, end=referred(target["Arn"])[0], means=means, carries=carried)


def _archives(template: Template) -> Iterator[Edge]:
    for name, archive in template.of("Events::Archive"):
        yield Edge(start=referred(archive["SourceArn"])[0], end=name, means="keeps")


def _given_up(template: Template) -> Iterator[tuple[str, str]]:
    """Who leaves what it cannot handle in which queue."""
    for name, queue in template.of("SQS::Queue"):
        if redrive := queue.get("RedrivePolicy"):
            yield name, referred(redrive["deadLetterTargetArn"])[0]
    for name, rule in template.of("Events::Rule"):
        for target in rule.get("Targets", ()):
            if dead := target.get("DeadLetterConfig"):
                yield name, referred(dead)[0]
    yield from _failed_calls(template)


def _failed_calls(template: Template) -> Iterator[tuple[str, str]]:
    for kind in ("Lambda::EventSourceMapping", "Lambda::EventInvokeConfig"):
        for _, properties in template.of(kind):
            if on_failure := properties.get("DestinationConfig", {}).get("OnFailure"):
                yield referred(properties["FunctionName"])[0], referred(on_failure)[0]


_MEANS: dict[str, Means] = {
    "lambda:InvokeFunction": "asks",
    "states:StartExecution": "starts",
    "execute-api:ManageConnections": "pushes",
}


def _granted(template: Template, grant: Grant, facts: Facts) -> Iterator[Edge]:
    """What a role allows is what its function does: least privilege is the map's source."""
    if "events:PutEvents" in grant.actions:
        said = facts.said_by(grant.source)
        yield Edge(start=grant.holder, end=grant.on, means="says", carries=said)
    elif means := next((_MEANS[action] for action in grant.actions & _MEANS.keys()), None):
        asked = commands(template, grant.holder, grant.on)
        yield Edge(start=grant.holder, end=grant.on, means=means, carries=asked)
    elif "sqs:SendMessage" in grant.actions:
        dead = {end for _, end in _given_up(template)}
        means = "gives-up" if grant.on in dead else "redrives"
        yield Edge(start=grant.holder, end=grant.on, means=means)
    elif _is_store(template, grant):
        yield Edge(start=grant.holder, end=grant.on, means="data")


def commands(template: Template, holder: str, asked: str) -> tuple[str, ...]:
    """The commands by which a workflow asks this function; nothing is known of other callers."""
    if not _is(template, holder, "AWS::StepFunctions::StateMachine"):
        return ()
    machine = template.resources[holder]["Properties"]
    states = definition(machine)["States"].values()
    return tuple(
        state["Parameters"]["Payload"]["command"]
        for state in states
        if asks(state, machine) == asked
    )


def definition(machine: Json) -> Json:
    """The workflow's own document; what is only known when it is deployed reads `?`."""
    text = machine["DefinitionString"]
    if not isinstance(text, str):
        text = "".join(part if isinstance(part, str) else "?" for part in text["Fn::Join"][1])
    return msgspec.json.decode(text)


def asks(state: Json, machine: Json) -> str:
    """The function a state asks, or nothing."""
    named = str(state.get("Parameters", {}).get("FunctionName", ""))
    return referred(machine.get("DefinitionSubstitutions", {}).get(named.strip("${}")))[0]


def _is(template: Template, name: str, kind: str) -> bool:
    return bool(template.resources.get(name, {}).get("Type") == kind)


def _is_store(template: Template, grant: Grant) -> bool:
    kind = KINDS.get(template.resources[grant.on]["Type"])
    return kind in STORES and grant.attribute != "StreamArn"


def _matches(value: str, wanted: Json) -> bool:
    if wanted is None:
        return True
    return any(
        value.startswith(each["prefix"]) if isinstance(each, dict) else value == each
        for each in listed(wanted)
    )
