"""The lines of the edges, at right angles.

Requests run outside the cards, commands beside the bus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.shopmap.shapes import Box, Point, rounded_line

if TYPE_CHECKING:
    from infra.shopmap.arrangement import Arrangement
    from infra.shopmap.document import Plan
    from infra.shopmap.graph import Edge

CARD_DISTANCE = 12  # from a card to the first line of requests
LINE_DISTANCE = 8  # between lines of requests
EdgeLine = tuple[str, str]
"""SVG path data of the line and of the arrow at its end."""


class _Ends(NamedTuple):
    """An edge with the boxes that it connects."""

    arrangement: Arrangement
    edge: Edge
    start: Box
    end: Box


def edge_line(plan: Plan, arrangement: Arrangement, edge: Edge) -> EdgeLine | None:
    """The line of an edge; None if its boxes touch or one of its nodes is not drawn."""
    boxes = arrangement.nodes
    if edge.start not in boxes or edge.end not in boxes:
        return None
    ends = _Ends(arrangement, edge, boxes[edge.start], boxes[edge.end])
    match edge.kind:
        case "routes":
            return _request_line(ends, plan, edge.start, edge.end)
        case "pushes":
            return _push_line(ends, plan)
        case "publishes":
            return _line_to_bus(ends)
        case "matches":
            return _line_from_bus(ends)
        case "invokes" | "starts":
            return _command_line(ends)
        case "archives":
            return None
        case _:
            return _horizontal_line(ends)


def _horizontal_line(ends: _Ends) -> EdgeLine:
    """Between boxes side by side, at the middle of the smaller one."""
    start, end = ends.start, ends.end
    low, high = max(start.y, end.y), min(start.bottom, end.bottom)
    smaller = min(start, end, key=lambda box: box.height)
    y = smaller.center_y if low <= smaller.center_y <= high else (low + high) / 2
    goes_right = start.center_x < end.center_x
    x1, x2 = (start.right, end.x) if goes_right else (start.x, end.right)
    return _with_arrow((x1, y), (x2, y))


def _line_to_bus(ends: _Ends) -> EdgeLine:
    start, bus = ends.start, ends.end
    is_right_of_bus = start.x > bus.x
    x1, x2 = (start.x, bus.right) if is_right_of_bus else (start.right, bus.x)
    return _with_arrow((x1, start.center_y), (x2, start.center_y))


def _line_from_bus(ends: _Ends) -> EdgeLine:
    bus, rule = ends.start, ends.end
    is_right_of_bus = rule.x > bus.x
    x1, x2 = (bus.right, rule.x) if is_right_of_bus else (bus.x, rule.right)
    return _with_arrow((x1, rule.center_y), (x2, rule.center_y))


def _request_line(ends: _Ends, plan: Plan, api: str, function: str) -> EdgeLine:
    """From the API to the side, down beside the cards, and to the function."""
    apis = [node.id for node in plan.nodes if node.kind in ("api", "websocket")]
    card = ends.arrangement.card_of(function)
    function_box, api_box = ends.arrangement.nodes[function], ends.arrangement.nodes[api]
    if card is None:
        return _with_arrow(
            (api_box.center_x, api_box.bottom), (function_box.center_x, function_box.y)
        )
    distance = CARD_DISTANCE + LINE_DISTANCE * apis.index(api)
    y = api_box.center_y if apis.index(api) == 0 else api_box.center_y + 9
    if card.is_mirrored:
        rail, x1, x2 = card.box.x - distance, api_box.x, function_box.x
    else:
        rail, x1, x2 = card.box.right + distance, api_box.right, function_box.right
    return _with_arrow(
        (x1, y), (rail, y), (rail, function_box.center_y), (x2, function_box.center_y)
    )


def _push_line(ends: _Ends, plan: Plan) -> EdgeLine:
    """From below the function to the side, up beside the cards, and to the WebSocket API."""
    function_box, api_box = ends.start, ends.end
    card = ends.arrangement.card_of(ends.edge.start)
    if card is None:
        return _with_arrow(
            (function_box.center_x, function_box.y), (api_box.center_x, api_box.bottom)
        )
    apis = [node.id for node in plan.nodes if node.kind in ("api", "websocket")]
    distance = CARD_DISTANCE + LINE_DISTANCE * apis.index(ends.edge.end)
    if card.is_mirrored:
        rail, x2 = card.box.x - distance, api_box.x
    else:
        rail, x2 = card.box.right + distance, api_box.right
    gap, y = card.row_gaps[ends.edge.start], api_box.center_y + 9
    below = (function_box.center_x, function_box.bottom), (function_box.center_x, gap)
    return _with_arrow(*below, (rail, gap), (rail, y), (x2, y))


def _command_line(ends: _Ends) -> EdgeLine:
    """Along the rail beside the bus. A workflow is below the cards, at the end of the rails."""
    arrangement, edge = ends.arrangement, ends.edge
    caller, callee = arrangement.card_of(edge.start), arrangement.card_of(edge.end)
    points: list[Point] = []
    if caller is None:  # a workflow
        rail = arrangement.rails[callee.is_mirrored] if callee else ends.start.center_x
        points.append((rail, ends.start.y))
    else:
        rail = arrangement.rails[caller.is_mirrored]
        x, gap = ends.start.center_x, caller.row_gaps[edge.start]
        points += [(x, ends.start.bottom), (x, gap), (rail, gap)]
    if callee is None:  # a workflow
        return _with_arrow(*points, (rail, ends.end.y))
    near_side = ends.end.right if callee.is_mirrored else ends.end.x
    return _with_arrow(*points, (rail, ends.end.center_y), (near_side, ends.end.center_y))


def _with_arrow(*points: Point) -> EdgeLine:
    return rounded_line(*points), _arrow(points[-2], points[-1])


def _arrow(before: Point, tip: Point) -> str:
    x, y = tip
    if before[1] == y:
        back = -6 if before[0] < x else 6
        return f"M{x:g} {y:g}l{back} -3.5v7z"
    back = -6 if before[1] < y else 6
    return f"M{x:g} {y:g}l-3.5 {back}h7z"
