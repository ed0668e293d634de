"""The map as a drawing: what is drawn of each room, node and edge, from an arrangement of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra.shopmap import cards
from infra.shopmap.lines import way
from infra.shopmap.shapes import Box, Drawing, Group, Shape, circle, path, rect, text, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.shopmap.arrangement import Arrangement
    from infra.shopmap.cards import Card
    from infra.shopmap.document import Plan, State
    from infra.shopmap.graph import Edge, Node

COLOURS = {
    "routes": "request", "pushes": "request",
    "streams": "fact", "says": "fact", "carries": "fact", "delivers": "fact", "keeps": "fact",
    "asks": "command", "starts": "command",
    "data": "data",
}  # fmt: skip
LEGEND = (
    ("request", "request"), ("fact", "fact"), ("command", "command"), ("data", "reads, writes"),
    ("rule", "rule"), ("archive", "archive"), ("clock", "clock"), ("dead-letters", "dead letters"),
)  # fmt: skip


def drawing(plan: Plan, at: Arrangement) -> Drawing:
    """What lies below first: cards and bus, ways, nodes."""
    nodes = sorted(plan.nodes, key=lambda node: node.kind in ("rule", "clock", "bus"))
    below = [node for node in nodes if node.kind in ("bus", "workflow")]
    above = [node for node in nodes if node.kind not in ("bus", "workflow")]
    return Drawing(
        width=at.width,
        height=at.height,
        groups=[
            *(_room(card) for card in at.cards),
            *(_node(plan, at, node) for node in below if node.id in at.nodes),
            *(group for edge in plan.edges if (group := _edge(plan, at, edge))),
            *(_node(plan, at, node) for node in above if node.id in at.nodes),
            *_states(plan, at),
            _legend(at),
        ],
    )


def _room(card: Card) -> Group:
    box, room = card.box, card.room
    shapes = [rect(box, "card", 12), text(box.x + cards.PAD, box.y + 25, room.name, "title")]
    if room.routes:
        routes = f"{len(room.routes)} route{'s' if len(room.routes) > 1 else ''}"
        shapes.append(text(box.right - cards.PAD, box.y + 25, routes, "note", "end"))
    y = box.bottom - 10 - cards.LINE * (len(card.foot) - 1)
    for n, (verb, facts) in enumerate(card.foot):
        line = y + n * cards.LINE
        if verb:
            shapes.append(text(box.x + cards.PAD, line, verb, "verb"))
        shapes.append(text(box.x + cards.PAD + 40, line, facts, "facts"))
    return Group(of=room.id, style="room", shapes=shapes)


def _edge(plan: Plan, at: Arrangement, edge: Edge) -> Group | None:
    if edge.means not in COLOURS or (edge.means == "data" and plan.out_of(edge.start, "says")):
        return None  # the relay reads its table: its stream is drawn already
    found = way(plan, at, edge)
    if found is None:
        return None
    d, arrow = found
    shapes = [path(d, "way"), *([path(arrow, "arrow")] if arrow else [])]
    return Group(of=edge.id, style=f"edge {COLOURS[edge.means]}", shapes=shapes)


def _node(plan: Plan, at: Arrangement, node: Node) -> Group:
    box = at.nodes[node.id]
    draw = {
        "api": _api, "socket": _api, "bus": _bus, "archive": _archive, "clock": _clock,
        "rule": _rule, "queue": _queue, "dead-letters": _grave, "workflow": _workflow,
        "function": _function,
    }.get(node.kind, _store)  # fmt: skip
    return Group(of=node.id, style=f"node {node.kind}", shapes=list(draw(plan, node, box)))


def _api(plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    count = sum(len(edge.carries) for edge in plan.out_of(node.id, "routes"))
    name = "WebSocket API" if node.kind == "socket" else "HTTP API"
    yield rect(box, "shape", 19)
    yield text(box.centre, box.middle + 5, f"{name} · {count} routes", "label", "middle")


def _bus(_plan: Plan, _node: Node, box: Box) -> Iterator[Shape]:
    yield rect(box, "shape", box.width / 2)
    x, y = box.centre - 4.5, box.y + 16
    yield (
        "text",
        {"x": x, "y": y, "class": "label", "transform": f"rotate(90 {x} {y})"},
        "Event bus",
    )


def _archive(_plan: Plan, _node: Node, box: Box) -> Iterator[Shape]:
    yield rect(box, "shape", 4)
    lid = f"M{box.x:g} {box.y + 6:g}H{box.right:g}M{box.centre - 4:g} {box.y + 11:g}h8"
    yield path(lid, "mark")


def _rule(_plan: Plan, _node: Node, box: Box) -> Iterator[Shape]:
    yield path(_diamond(box), "shape")


def _clock(_plan: Plan, _node: Node, box: Box) -> Iterator[Shape]:
    yield circle(box.centre, box.middle, 7, "shape")
    yield path(f"M{box.centre:g} {box.middle - 4:g}v4l3 2", "mark")


def _queue(_plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    yield rect(box, "shape")
    for n in range(3):
        yield rect(Box(box.x + 9 + 5 * n, box.y + 9, 3, 12), "bar", 1)
    yield text(box.x + 28, box.middle + 4.5, label(node.name), "label")
    yield text(box.right - 8, box.middle + 4.5, "", "figure", "end")


def _grave(plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    givers = [plan.node(edge.start) for edge in plan.into(node.id, "gives-up")]
    own = next((giver.name for giver in givers if node.name.startswith(giver.name)), "")
    yield rect(box, "shape", 5)
    yield text(box.x + 8, box.middle + 3.7, label(node.name.removeprefix(own)).lower(), "small")
    yield text(box.right - 7, box.middle + 3.7, "", "figure", "end")


def _function(_plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    yield rect(box, "shape")
    yield text(box.x + 9, box.middle + 4.5, "λ", "glyph")
    yield text(box.x + 22, box.middle + 4.5, label(node.name), "label")


def _store(_plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    """A cylinder."""
    x, y, w, h, lid = box.x, box.y + 5, box.width, box.height - 10, 5
    arc = f"a{w / 2:g} {lid} 0 0 "
    yield path(f"M{x:g} {y:g}{arc}1 {w:g} 0v{h:g}{arc}1 {-w:g} 0z", "shape")
    yield path(f"M{x:g} {y:g}{arc}0 {w:g} 0", "mark")
    yield text(box.centre, box.middle + 7, label(node.name), "label", "middle")


def _workflow(_plan: Plan, node: Node, box: Box) -> Iterator[Shape]:
    yield rect(box, "shape", 12)
    yield text(box.x + 14, box.y + 25, label(node.name), "title")
    yield text(box.right - 14, box.y + 25, f"workflow of {node.room}", "note", "end")


def _states(plan: Plan, at: Arrangement) -> Iterator[Group]:
    for flow in plan.workflows:
        _, boxes, ways = at.workflows[flow.id]
        for (start, end, failed), d in ways.items():
            style = "step failed" if failed else "step"
            yield Group(of=f"{flow.id}/{start}>{end}", style=style, shapes=[path(d, "way")])
        for state in flow.states:
            shapes = list(_state(state, boxes[state.name]))
            style = f"state {state.type.lower()}"
            yield Group(of=f"{flow.id}/{state.name}", style=style, shapes=shapes)


def _state(state: State, box: Box) -> Iterator[Shape]:
    if state.type == "Choice":
        yield path(_diamond(box), "shape")
        return
    yield rect(box, "shape", box.height / 2 if not state.room else 8)
    if state.room:
        yield text(box.centre, box.middle - 1, state.name, "name", "middle")
        yield text(box.centre, box.middle + 12, state.room, "note", "middle")
    else:
        yield text(box.centre, box.middle + 4, state.name, "name", "middle")


def _diamond(box: Box) -> str:
    half = box.width / 2
    return f"M{box.x:g} {box.middle:g}l{half:g} {-half:g} {half:g} {half:g} {-half:g} {half:g}z"


def _legend(at: Arrangement) -> Group:
    left, y, width = at.legend
    x, shapes = left, list[Shape]()
    for style, words in LEGEND:
        needed = 36 + text_width(words, 11) + 20
        if x + needed - 20 > left + width:
            x, y = left, y + 22
        shapes += [*_sample(style, x, y), text(x + 34, y + 4, words, "note")]
        x += needed
    return Group(of="legend", style="legend", shapes=shapes)


def _sample(style: str, x: float, y: float) -> Iterator[Shape]:
    box = Box(x + 10, y - 7, 14, 14)
    if style == "rule":
        yield path(_diamond(box), style)
    elif style == "archive":
        lid = Box(x + 3, y - 8, 24, 16)
        yield rect(lid, style, 4)
        yield path(f"M{lid.x:g} {lid.y + 6:g}h24m-16 5h8", style)
    elif style == "clock":
        yield circle(box.centre, box.middle, 7, style)
    elif style == "dead-letters":
        yield rect(Box(x, y - 7, 28, 14), style, 5)
    else:
        yield path(f"M{x:g} {y:g}h28", style)


def label(name: str) -> str:
    """A construct's name in words: `DeadLetters` is `Dead letters`."""
    if name == "Api":
        return "API"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return words[:1] + words[1:].lower()
