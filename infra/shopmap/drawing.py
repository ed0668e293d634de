"""Draws the map: the shapes of each service, node, edge and workflow state of an arrangement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra.shopmap import cards
from infra.shopmap.edge_lines import edge_line
from infra.shopmap.shapes import Box, Drawing, Group, Shape, circle, path, rect, text, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.shopmap.arrangement import Arrangement
    from infra.shopmap.cards import Card
    from infra.shopmap.document import Plan, State
    from infra.shopmap.graph import Edge, Node

EDGE_CLASSES = {
    "routes": "request",
    "pushes": "request",
    "streams": "event",
    "publishes": "event",
    "matches": "event",
    "delivers": "event",
    "archives": "event",
    "invokes": "command",
    "starts": "command",
    "accesses": "data",
}
"""The CSS class of each kind of edge; other kinds are not drawn."""

LEGEND = (
    ("request", "request"),
    ("event", "event"),
    ("command", "command"),
    ("data", "data access"),
    ("rule", "rule"),
    ("archive", "archive"),
    ("schedule", "schedule"),
    ("dead-letter-queue", "dead-letter queue"),
)
"""CSS class and text of each entry."""


def draw(plan: Plan, arrangement: Arrangement) -> Drawing:
    """Draws cards and bus first, then edges, then the other nodes on top."""
    nodes = [node for node in plan.nodes if node.id in arrangement.nodes]
    nodes.sort(key=lambda node: node.kind in ("rule", "schedule", "bus"))
    background = [node for node in nodes if node.kind in ("bus", "workflow")]
    foreground = [node for node in nodes if node.kind not in ("bus", "workflow")]
    return Drawing(
        width=arrangement.width,
        height=arrangement.height,
        groups=[
            *(_service(card) for card in arrangement.cards),
            *(_node(plan, arrangement, node) for node in background),
            *(group for edge in plan.edges if (group := _edge(plan, arrangement, edge))),
            *(_node(plan, arrangement, node) for node in foreground),
            *_workflow_groups(plan, arrangement),
            _legend(arrangement),
        ],
    )


def _service(card: Card) -> Group:
    box, service = card.box, card.service
    shapes = [rect(box, "card", 12), text(box.x + cards.PADDING, box.y + 25, service.name, "title")]
    if service.routes:
        routes = f"{len(service.routes)} route{'s' if len(service.routes) > 1 else ''}"
        shapes.append(text(box.right - cards.PADDING, box.y + 25, routes, "note", "end"))
    first_line = box.bottom - 10 - cards.LINE_HEIGHT * (len(card.footer) - 1)
    x = box.x + cards.PADDING
    for n, (verb, events) in enumerate(card.footer):
        y = first_line + n * cards.LINE_HEIGHT
        if verb:
            shapes.append(text(x, y, verb, "verb"))
        shapes.append(text(x + cards.VERB_WIDTH, y, events, "events"))
    return Group(id=service.id, classes="service", shapes=shapes)


def _edge(plan: Plan, arrangement: Arrangement, edge: Edge) -> Group | None:
    # a relay's access to its table is not drawn: the table's stream is
    is_relay_access = edge.kind == "accesses" and plan.edges_from(edge.start, "publishes")
    if edge.kind not in EDGE_CLASSES or is_relay_access:
        return None
    found = edge_line(plan, arrangement, edge)
    if found is None:
        return None
    line, arrow = found
    return Group(
        id=edge.id,
        classes=f"edge {EDGE_CLASSES[edge.kind]}",
        shapes=[path(line, "line"), path(arrow, "arrow")],
    )


def _node(plan: Plan, arrangement: Arrangement, node: Node) -> Group:
    box = arrangement.nodes[node.id]
    draw_node = {
        "api": _api,
        "websocket": _api,
        "bus": _bus,
        "archive": _archive,
        "schedule": _schedule,
        "rule": _rule,
        "queue": _queue,
        "dead-letter-queue": _dead_letter_queue,
        "workflow": _workflow,
        "function": _function,
    }.get(node.kind, _store)
    return Group(id=node.id, classes=f"node {node.kind}", shapes=list(draw_node(plan, node, box)))


def _api(plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    routes = sum(len(edge.labels) for edge in plan.edges_from(node.id, "routes"))
    name = "WebSocket API" if node.kind == "websocket" else "HTTP API"
    yield rect(box, "shape", 19)
    yield text(box.center_x, box.center_y + 5, f"{name} · {routes} routes", "label", "middle")


def _bus(_plan: Plan, _node: Node, box: Box) -> Iterator[Shape]:
    yield rect(box, "shape", box.width / 2)
    x, y = box.center_x - 4.5, box.y + 16
    yield (
        "text",
        {"x": x, "y": y, "class": "label", "transform": f"rotate(90 {x} {y})"},
        "Event bus",
    )


def _archive(_plan: Plan, _node: Node, box: Box) -> Iterator[Shape]:
    """A box with a lid and a handle."""
    yield rect(box, "shape", 4)
    lid = f"M{box.x:g} {box.y + 6:g}H{box.right:g}M{box.center_x - 4:g} {box.y + 11:g}h8"
    yield path(lid, "mark")


def _rule(_plan: Plan, _node: Node, box: Box) -> Iterator[Shape]:
    yield path(_diamond(box), "shape")


def _schedule(_plan: Plan, _node: Node, box: Box) -> Iterator[Shape]:
    """A clock."""
    yield circle(box.center_x, box.center_y, 7, "shape")
    yield path(f"M{box.center_x:g} {box.center_y - 4:g}v4l3 2", "mark")


def _queue(_plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    """The page writes the queue's depth into the empty text."""
    yield rect(box, "shape")
    for n in range(3):
        yield rect(Box(box.x + 9 + 5 * n, box.y + 9, 3, 12), "bar", 1)
    yield text(box.x + 28, box.center_y + 4.5, label(node.name), "label")
    yield text(box.right - 8, box.center_y + 4.5, "", "depth", "end")


def _dead_letter_queue(plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    sources = [plan.node(edge.start).name for edge in plan.edges_to(node.id, "dead-letters")]
    prefix = next((name for name in sources if node.name.startswith(name)), "")
    name = label(node.name.removeprefix(prefix)).lower()
    yield rect(box, "shape", 5)
    yield text(box.x + 8, box.center_y + 3.7, name, "small")
    yield text(box.right - 7, box.center_y + 3.7, "", "depth", "end")


def _function(_plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    yield rect(box, "shape")
    yield text(box.x + 9, box.center_y + 4.5, "λ", "glyph")
    yield text(box.x + 22, box.center_y + 4.5, label(node.name), "label")


def _store(_plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    """A cylinder."""
    x, y, width, height, lid = box.x, box.y + 5, box.width, box.height - 10, 5
    arc = f"a{width / 2:g} {lid} 0 0 "
    yield path(f"M{x:g} {y:g}{arc}1 {width:g} 0v{height:g}{arc}1 {-width:g} 0z", "shape")
    yield path(f"M{x:g} {y:g}{arc}0 {width:g} 0", "mark")
    yield text(box.center_x, box.center_y + 7, label(node.name), "label", "middle")


def _workflow(_plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    yield rect(box, "shape", 12)
    yield text(box.x + 14, box.y + 25, label(node.name), "title")
    yield text(box.right - 14, box.y + 25, f"workflow of {node.service}", "note", "end")


def _workflow_groups(plan: Plan, arrangement: Arrangement) -> Iterator[Group]:
    for workflow in plan.workflows:
        _, boxes, lines = arrangement.workflows[workflow.id]
        for (start, end, is_error), line in lines.items():
            yield Group(
                id=f"{workflow.id}/{start}>{end}",
                classes="step failed" if is_error else "step",
                shapes=[path(line, "line")],
            )
        for state in workflow.states:
            yield Group(
                id=f"{workflow.id}/{state.name}",
                classes=f"state {state.type.lower()}",
                shapes=list(_state(state, boxes[state.name])),
            )


def _state(state: State, box: Box) -> Iterator[Shape]:
    if state.type == "Choice":
        yield path(_diamond(box), "shape")
        return
    yield rect(box, "shape", box.height / 2 if not state.service else 8)
    if state.service:
        yield text(box.center_x, box.center_y - 1, state.name, "name", "middle")
        yield text(box.center_x, box.center_y + 12, state.service, "note", "middle")
    else:
        yield text(box.center_x, box.center_y + 4, state.name, "name", "middle")


def _diamond(box: Box) -> str:
    half = box.width / 2
    return f"M{box.x:g} {box.center_y:g}l{half:g} {-half:g} {half:g} {half:g} {-half:g} {half:g}z"


def _legend(arrangement: Arrangement) -> Group:
    left, y, width = arrangement.legend
    x, shapes = left, list[Shape]()
    for css_class, description in LEGEND:
        entry_width = 36 + text_width(description, 11)
        if x + entry_width > left + width:
            x, y = left, y + 22
        shapes += [*_legend_sample(css_class, x, y), text(x + 34, y + 4, description, "note")]
        x += entry_width + 20
    return Group(id="legend", classes="legend", shapes=shapes)


def _legend_sample(css_class: str, x: float, y: float) -> Iterator[Shape]:
    box = Box(x + 10, y - 7, 14, 14)
    if css_class == "rule":
        yield path(_diamond(box), css_class)
    elif css_class == "archive":
        archive = Box(x + 3, y - 8, 24, 16)
        yield rect(archive, css_class, 4)
        yield path(f"M{archive.x:g} {archive.y + 6:g}h24m-16 5h8", css_class)
    elif css_class == "schedule":
        yield circle(box.center_x, box.center_y, 7, css_class)
    elif css_class == "dead-letter-queue":
        yield rect(Box(x, y - 7, 28, 14), css_class, 5)
    else:
        yield path(f"M{x:g} {y:g}h28", css_class)


def label(name: str) -> str:
    """A construct id as words: `DeadLetters` becomes `Dead letters`."""
    if name == "Api":
        return "API"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return words[:1] + words[1:].lower()
