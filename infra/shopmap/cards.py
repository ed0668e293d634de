"""A room as a card: its functions in rows, the table between those who hear and those who answer.

Everything is placed as if the bus were on the left; a card on the other side is mirrored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.shopmap.shapes import Box, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra.shopmap.document import Plan, Room
    from infra.shopmap.graph import Node

    Row = Sequence[tuple[float, str]]
    """Functions and queues beside each other, each with its distance from the card's left."""

WIDTH = 436
PAD, HEAD = 14, 40
GAP, ROW_GAP = 16, 16
FUNCTION, STORE = 102, 54  # how wide
HIGH, CHIP = 30, 17  # how high a function is, and a queue of dead letters below it
LINE, WORDS = 14, 11  # of the facts at the card's foot: a line's height, the letters' size
LINES = 3  # at most, of either kind

NEAR, NEXT = PAD, PAD + FUNCTION + GAP
MIDDLE = NEXT + FUNCTION + GAP
FAR = MIDDLE + STORE + GAP


class Card(NamedTuple):
    """A room's box and those of its nodes, all in the drawing's units."""

    room: Room
    box: Box
    mirrored: bool
    nodes: dict[str, Box]
    gaps: dict[str, float]
    """Where below a node's row there is room for a line."""
    foot: list[tuple[str, str]]
    """The lines at the foot: what it says and hears."""


def card(plan: Plan, room: Room, x: float, y: float, *, mirrored: bool) -> Card:
    """The card with its upper left corner at x, y."""
    rows = list(_rows(plan, room))
    nodes: dict[str, Box] = {}
    gaps: dict[str, float] = {}
    top = y + HEAD
    for row in rows:
        height = max(_height(plan, node) for _, node in row)
        for left, node in row:
            box = Box(x + left, top, FUNCTION, HIGH)
            nodes[node] = box
            gaps[node] = top + height + ROW_GAP / 2
            nodes |= _chip(plan, node, box)
        top += height + ROW_GAP
    bottom = top - ROW_GAP if rows else top
    nodes |= _stores(plan, room, Box(x + MIDDLE, y + HEAD, STORE, max(bottom - y - HEAD, HIGH)))
    heard = ["every fact"] if len(room.hears) == len(plan.facts) else room.hears
    foot = [*_lines("says", room.says), *_lines("hears", heard)]
    height = bottom - y + 14 + (LINE * len(foot) + 8 if foot else 0)
    box = Box(x, y, WIDTH, height)
    if mirrored:
        nodes = {name: each._replace(x=2 * x + WIDTH - each.right) for name, each in nodes.items()}
    return Card(room, box, mirrored, nodes, gaps, foot)


def _rows(plan: Plan, room: Room) -> Iterator[Row]:
    """Beside each other: who speaks with the bus or is asked, and who answers or wakes."""
    near = list(_near(plan, room))
    placed = {node for row in near for _, node in row}
    functions = [node.id for node in plan.of(room.id, "function") if node.id not in placed]
    far = sorted(functions, key=lambda node: (not plan.into(node, "routes"), functions.index(node)))
    for n in range(max(len(near), len(far))):
        yield [*(near[n] if n < len(near) else []), *((FAR, each) for each in far[n : n + 1])]


def _near(plan: Plan, room: Room) -> Iterator[Row]:
    functions = [node.id for node in plan.of(room.id, "function")]
    yield from ([(NEXT, node)] for node in functions if plan.out_of(node, "says"))
    fed: set[str] = set()
    for queue in plan.of(room.id, "queue"):
        consumers = [edge.end for edge in plan.out_of(queue.id, "delivers")]
        fed.update(consumers)
        yield [(NEAR, queue.id), *((NEXT, each) for each in consumers[:1])]
    for node in functions:
        if plan.into(node, "asks") and node not in fed and not plan.out_of(node, "says"):
            yield [(NEXT, node)]


def _height(plan: Plan, node: str) -> float:
    return HIGH + (CHIP + 3 if plan.graves(node) else 0)


def _chip(plan: Plan, node: str, box: Box) -> dict[str, Box]:
    return {grave: Box(box.x, box.bottom + 3, FUNCTION, CHIP) for grave in plan.graves(node)[:1]}


def _stores(plan: Plan, room: Room, column: Box) -> dict[str, Box]:
    stores: Sequence[Node] = [
        node for kind in ("table", "bucket", "stream") for node in plan.of(room.id, kind)
    ]
    if not stores:
        return {}
    each = (column.height + 8) / len(stores)
    return {
        store.id: column._replace(y=column.y + n * each, height=each - 8)
        for n, store in enumerate(stores)
    }


def _lines(verb: str, facts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """As many facts to a line as fit; what is too much is counted."""
    room, line, lines = WIDTH - 2 * PAD - 40, "", []
    for fact in facts:
        longer = f"{line} · {fact}" if line else fact
        if line and text_width(longer, WORDS) > room:
            lines.append(line)
            longer = fact
        line = longer
    lines += [line] if line else []
    if len(lines) > LINES:
        shown = sum(each.count("·") + 1 for each in lines[: LINES - 1])
        lines = [*lines[: LINES - 1], f"and {len(facts) - shown} more"]
    for n, each in enumerate(lines):
        yield (verb if n == 0 else ""), each
