"""Where everything stands: the bus in the middle with rooms on both sides, or on the left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.shopmap import cards, states
from infra.shopmap.cards import Card
from infra.shopmap.shapes import Box

if TYPE_CHECKING:
    from infra.shopmap.document import Plan

TOP = 82  # where the cards begin, below the APIs and the bus's head
BETWEEN = 20  # cards of a column
OUTER = 40  # beside the cards, where requests go down
BUS = 22  # how wide
RAIL = 38  # from the bus's middle to where commands go


class Arrangement(NamedTuple):
    """The boxes of all there is, and the ways between them."""

    width: int
    height: int
    cards: list[Card]
    nodes: dict[str, Box]
    bus: Box
    rails: dict[bool, float]
    """Where commands go up and down, by whether the card is mirrored."""
    workflows: dict[str, states.Steps]
    legend: tuple[float, float, float]
    """x and y, and how wide it may be."""

    def card_of(self, node: str) -> Card | None:
        return next((card for card in self.cards if node in card.nodes), None)


def wide(plan: Plan) -> Arrangement:
    """Rooms on both sides of the bus; each comes to the side that is shorter."""
    left, right = OUTER, OUTER + cards.WIDTH + 2 * (RAIL + 16)
    middle = (left + cards.WIDTH + right) / 2
    return _arranged(plan, middle, {True: left, False: right}, right + cards.WIDTH + OUTER)


def tall(plan: Plan) -> Arrangement:
    """For a narrow page: one column of rooms, the bus on its left."""
    middle = BUS / 2 + 8
    return _arranged(
        plan, middle, {False: middle + RAIL + 14}, middle + RAIL + 14 + cards.WIDTH + 24
    )


def _arranged(plan: Plan, middle: float, columns: dict[bool, float], width: float) -> Arrangement:
    placed: list[Card] = []
    depths = dict.fromkeys(columns, float(TOP))
    for room in plan.rooms:
        mirrored = min(columns, key=lambda side: (depths[side], columns[side]))
        card = cards.card(plan, room, columns[mirrored], depths[mirrored], mirrored=mirrored)
        placed.append(card)
        depths[mirrored] = card.box.bottom + BETWEEN
    bottom = max(depths.values()) - BETWEEN
    left = min(columns.values())
    inner = max(columns.values()) + cards.WIDTH - left
    nodes = {name: box for card in placed for name, box in card.nodes.items()}
    nodes |= _apis(plan, left + inner / 2 if len(columns) > 1 else left + cards.WIDTH / 2)
    nodes |= _rules(plan, placed, nodes)
    nodes |= _clocks(plan, placed, nodes)
    bus = Box(middle - BUS / 2, TOP - 8, BUS, bottom - TOP + 16)
    nodes |= _bus(plan, bus)
    y = bottom + 34
    rails = {side: middle + (-RAIL if side else RAIL - 4) for side in columns}
    first = min(left, *(rail - 14 for rail in rails.values()))
    workflows = {}
    for flow in plan.workflows:
        place = Box(first, y, left + inner - first, 0)
        workflows[flow.id] = states.steps(flow, place, across=len(columns) > 1)
        nodes[flow.id] = workflows[flow.id].box
        y = nodes[flow.id].bottom + BETWEEN
    lines = 1 if len(columns) > 1 else 2
    return Arrangement(
        round(width), round(y + 14 + 22 * lines), placed, nodes, bus, rails, workflows,
        (left, y + 12, inner),
    )  # fmt: skip


def _apis(plan: Plan, centre: float) -> dict[str, Box]:
    apis = [node.id for node in plan.nodes if node.kind in ("api", "socket")]
    wide, apart = 190, 16
    first = centre - (wide * len(apis) + apart * (len(apis) - 1)) / 2
    return {api: Box(first + n * (wide + apart), 10, wide, 38) for n, api in enumerate(apis)}


def _bus(plan: Plan, bus: Box) -> dict[str, Box]:
    """The bus is one; its archive is its end."""
    buses = [node.id for node in plan.nodes if node.kind == "bus"]
    archives = [node.id for node in plan.nodes if node.kind == "archive"]
    end = Box(bus.x - 2, bus.bottom + 3, bus.width + 4, 18)
    return {**dict.fromkeys(buses, bus), **dict.fromkeys(archives, end)}


def _rules(plan: Plan, placed: list[Card], nodes: dict[str, Box]) -> dict[str, Box]:
    """A rule stands on its card's border, where its facts come in."""
    found = {}
    for card in placed:
        edge = card.box.right if card.mirrored else card.box.x
        for rule in plan.of(card.room.id, "rule"):
            target = next(
                (nodes[e.end] for e in plan.out_of(rule.id, "delivers") if e.end in nodes), None
            )
            if target:
                found[rule.id] = Box(edge - 8, target.middle - 8, 16, 16)
    return found


def _clocks(plan: Plan, placed: list[Card], nodes: dict[str, Box]) -> dict[str, Box]:
    """A clock sits on the corner of what it wakes."""
    found = {}
    for card in placed:
        for clock in plan.of(card.room.id, "clock"):
            for edge in plan.out_of(clock.id, "wakes"):
                box = nodes[edge.end]
                x = box.x - 5 if card.mirrored else box.right - 11
                found[clock.id] = Box(x, box.y - 8, 16, 16)
    return found
