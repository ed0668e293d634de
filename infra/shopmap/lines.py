"""The ways between nodes: along right angles, requests outside, commands beside the bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.shopmap.shapes import Box, line

if TYPE_CHECKING:
    from infra.shopmap.arrangement import Arrangement
    from infra.shopmap.document import Plan
    from infra.shopmap.graph import Edge

OUTSIDE, APART = 12, 8  # from a card's edge to the first way of requests, and to the next
Point = tuple[float, float]
Way = tuple[str, str]
"""The line, and the arrow at its end."""


class _Ends(NamedTuple):
    """Where an edge begins and ends."""

    at: Arrangement
    edge: Edge
    start: Box
    end: Box


def way(plan: Plan, at: Arrangement, edge: Edge) -> Way | None:
    """How the edge is drawn; None when its ends touch, or one of them has no place."""
    if edge.start not in at.nodes or edge.end not in at.nodes:
        return None
    ends = _Ends(at, edge, at.nodes[edge.start], at.nodes[edge.end])
    match edge.means:
        case "routes":
            return _request(ends, plan, edge.start, edge.end)
        case "pushes":
            return _push(ends, plan)
        case "says":
            return _to_bus(ends)
        case "carries":
            return _from_bus(ends)
        case "asks" | "starts":
            return _command(ends)
        case "keeps":
            return None
        case _:
            return _beside(ends)


def _beside(ends: _Ends) -> Way:
    """From a box to one beside it, level with the smaller of the two."""
    start, end = ends.start, ends.end
    low, high = max(start.y, end.y), min(start.bottom, end.bottom)
    smaller = min(start, end, key=lambda box: box.height)
    y = smaller.middle if low <= smaller.middle <= high else (low + high) / 2
    goes_right = start.centre < end.centre
    begin, arrive = (start.right, end.x) if goes_right else (start.x, end.right)
    return _drawn((begin, y), (arrive, y))


def _to_bus(ends: _Ends) -> Way:
    start, bus = ends.start, ends.end
    on_right = start.x > bus.x
    begin, arrive = (start.x, bus.right) if on_right else (start.right, bus.x)
    return _drawn((begin, start.middle), (arrive, start.middle))


def _from_bus(ends: _Ends) -> Way:
    bus, rule = ends.start, ends.end
    on_right = rule.x > bus.x
    begin, arrive = (bus.right, rule.x) if on_right else (bus.x, rule.right)
    return _drawn((begin, rule.middle), (arrive, rule.middle))


def _request(ends: _Ends, plan: Plan, api: str, function: str) -> Way:
    """From the API outwards, down beside the cards, and in."""
    apis = [node.id for node in plan.nodes if node.kind in ("api", "socket")]
    card = ends.at.card_of(function)
    box, door = ends.at.nodes[function], ends.at.nodes[api]
    if card is None:
        return _drawn((door.centre, door.bottom), (box.centre, box.y))
    out = OUTSIDE + APART * apis.index(api)
    y = door.middle if apis.index(api) == 0 else door.middle + 9
    if card.mirrored:
        rail, arrive, begin = card.box.x - out, box.x, door.x
    else:
        rail, arrive, begin = card.box.right + out, box.right, door.right
    return _drawn((begin, y), (rail, y), (rail, box.middle), (arrive, box.middle))


def _push(ends: _Ends, plan: Plan) -> Way:
    """Out below its row, up beside the cards, to whoever is connected."""
    function, door = ends.start, ends.end
    card = ends.at.card_of(ends.edge.start)
    if card is None:
        return _drawn((function.centre, function.y), (door.centre, door.bottom))
    apis = [node.id for node in plan.nodes if node.kind in ("api", "socket")]
    out = OUTSIDE + APART * apis.index(ends.edge.end)
    rail, arrive = (
        (card.box.x - out, door.x) if card.mirrored else (card.box.right + out, door.right)
    )
    gap, y = card.gaps[ends.edge.start], door.middle + 9
    below = (function.centre, function.bottom), (function.centre, gap)
    return _drawn(*below, (rail, gap), (rail, y), (arrive, y))


def _command(ends: _Ends) -> Way:
    """By way of the rail beside the bus; a workflow is at its lower end."""
    at, edge = ends.at, ends.edge
    asker, asked = at.card_of(edge.start), at.card_of(edge.end)
    points: list[Point] = []
    if asker is None:  # a workflow
        rail = at.rails[asked.mirrored] if asked else ends.start.centre
        points.append((rail, ends.start.y))
    else:
        rail = at.rails[asker.mirrored]
        x, gap = ends.start.centre, asker.gaps[edge.start]
        points += [(x, ends.start.bottom), (x, gap), (rail, gap)]
    if asked is None:
        return _drawn(*points, (rail, ends.end.y))
    near = ends.end.right if asked.mirrored else ends.end.x
    return _drawn(*points, (rail, ends.end.middle), (near, ends.end.middle))


def _drawn(*points: Point) -> Way:
    before, tip = points[-2], points[-1]
    return line(*points), _arrow(before, tip)


def _arrow(before: Point, tip: Point) -> str:
    x, y = tip
    if before[1] == y:
        back = -6 if before[0] < x else 6
        return f"M{x:g} {y:g}l{back} -3.5v7z"
    back = -6 if before[1] < y else 6
    return f"M{x:g} {y:g}l-3.5 {back}h7z"
