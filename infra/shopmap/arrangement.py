"""The positions of everything on the map: the bus between two columns of cards, or left of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.shopmap import cards, states
from infra.shopmap.cards import Card
from infra.shopmap.shapes import Box

if TYPE_CHECKING:
    from infra.shopmap.document import Plan

TOP = 82  # of the cards, below the APIs
CARD_GAP = 20  # between cards of a column
MARGIN = 40  # beside the cards, for the lines of requests
BUS_WIDTH = 22
RAIL_DISTANCE = 38  # from the middle of the bus to the line of commands
API_WIDTH, API_HEIGHT, API_GAP = 190, 38, 16


class Arrangement(NamedTuple):
    """The boxes of all nodes and the places for the lines between them."""

    width: int
    height: int
    cards: list[Card]
    nodes: dict[str, Box]
    bus: Box
    rails: dict[bool, float]
    """The x coordinate of the vertical line of commands, by whether the card is mirrored."""
    workflows: dict[str, states.WorkflowLayout]
    legend: tuple[float, float, float]
    """x, y and maximum width."""

    def card_of(self, node: str) -> Card | None:
        return next((card for card in self.cards if node in card.nodes), None)


def arrange_wide(plan: Plan) -> Arrangement:
    """Two columns of cards, with the bus between them. Each card goes to the shorter column."""
    left, right = MARGIN, MARGIN + cards.WIDTH + 2 * (RAIL_DISTANCE + 16)
    bus_x = (left + cards.WIDTH + right) / 2
    return _arrange(plan, bus_x, {True: left, False: right}, right + cards.WIDTH + MARGIN)


def arrange_tall(plan: Plan) -> Arrangement:
    """For a narrow page: one column of cards, with the bus on its left."""
    bus_x = BUS_WIDTH / 2 + 8
    column = bus_x + RAIL_DISTANCE + 14
    return _arrange(plan, bus_x, {False: column}, column + cards.WIDTH + 24)


def _arrange(plan: Plan, bus_x: float, columns: dict[bool, float], width: float) -> Arrangement:
    """`bus_x` is the middle of the bus. `columns`: x coordinate by whether cards are mirrored."""
    placed: list[Card] = []
    depths = dict.fromkeys(columns, float(TOP))
    for service in plan.services:
        side = min(columns, key=lambda each: (depths[each], columns[each]))
        card = cards.layout_card(plan, service, columns[side], depths[side], is_mirrored=side)
        placed.append(card)
        depths[side] = card.box.bottom + CARD_GAP
    bottom = max(depths.values()) - CARD_GAP
    left = min(columns.values())
    inner_width = max(columns.values()) + cards.WIDTH - left
    has_two_columns = len(columns) > 1
    nodes = {name: box for card in placed for name, box in card.nodes.items()}
    nodes |= _apis(plan, left + (inner_width if has_two_columns else cards.WIDTH) / 2)
    nodes |= _rules(plan, placed, nodes)
    nodes |= _schedules(plan, placed, nodes)
    bus = Box(bus_x - BUS_WIDTH / 2, TOP - 8, BUS_WIDTH, bottom - TOP + 16)
    nodes |= _bus_and_archive(plan, bus)
    y = bottom + 34
    rails = {side: bus_x + (-RAIL_DISTANCE if side else RAIL_DISTANCE - 4) for side in columns}
    workflow_left = min(left, *(rail - 14 for rail in rails.values()))
    workflows = {}
    for workflow in plan.workflows:
        area = Box(workflow_left, y, left + inner_width - workflow_left, 0)
        workflows[workflow.id] = states.layout_workflow(
            workflow, area, is_horizontal=has_two_columns
        )
        nodes[workflow.id] = workflows[workflow.id].box
        y = nodes[workflow.id].bottom + CARD_GAP
    legend_lines = 1 if has_two_columns else 2
    return Arrangement(
        width=round(width),
        height=round(y + 14 + 22 * legend_lines),
        cards=placed,
        nodes=nodes,
        bus=bus,
        rails=rails,
        workflows=workflows,
        legend=(left, y + 12, inner_width),
    )


def _apis(plan: Plan, center_x: float) -> dict[str, Box]:
    apis = [node.id for node in plan.nodes if node.kind in ("api", "websocket")]
    first = center_x - (API_WIDTH * len(apis) + API_GAP * (len(apis) - 1)) / 2
    return {
        api: Box(first + n * (API_WIDTH + API_GAP), 10, API_WIDTH, API_HEIGHT)
        for n, api in enumerate(apis)
    }


def _bus_and_archive(plan: Plan, bus: Box) -> dict[str, Box]:
    """The archive is at the lower end of the bus."""
    buses = [node.id for node in plan.nodes if node.kind == "bus"]
    archives = [node.id for node in plan.nodes if node.kind == "archive"]
    archive = Box(bus.x - 2, bus.bottom + 3, bus.width + 4, 18)
    return {**dict.fromkeys(buses, bus), **dict.fromkeys(archives, archive)}


def _rules(plan: Plan, placed: list[Card], nodes: dict[str, Box]) -> dict[str, Box]:
    """Each rule is on the border of its card, level with the queue that it delivers to."""
    boxes = {}
    for card in placed:
        border = card.box.right if card.is_mirrored else card.box.x
        for rule in plan.nodes_of(card.service.id, "rule"):
            targets = [edge.end for edge in plan.edges_from(rule.id, "delivers")]
            target = next((nodes[each] for each in targets if each in nodes), None)
            if target:
                boxes[rule.id] = Box(border - 8, target.center_y - 8, 16, 16)
    return boxes


def _schedules(plan: Plan, placed: list[Card], nodes: dict[str, Box]) -> dict[str, Box]:
    """Each schedule is on a corner of the function that it invokes."""
    boxes = {}
    for card in placed:
        for schedule in plan.nodes_of(card.service.id, "schedule"):
            for edge in plan.edges_from(schedule.id, "schedules"):
                box = nodes[edge.end]
                x = box.x - 5 if card.is_mirrored else box.right - 11
                boxes[schedule.id] = Box(x, box.y - 8, 16, 16)
    return boxes
