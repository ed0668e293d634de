"""The card of a service: its functions in rows, its stores between consumers and API functions.

Positions are computed for a card to the right of the bus; a card to the left is mirrored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.shopmap.graph import STORE_KINDS
from infra.shopmap.shapes import Box, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra.shopmap.document import Plan, Service
    from infra.shopmap.graph import Node

    Row = Sequence[tuple[float, str]]
    """Functions and queues side by side: distance from the card's left edge, and node id."""

WIDTH = 436
PADDING, HEADER_HEIGHT = 14, 40
GAP, ROW_GAP = 16, 16
FUNCTION_WIDTH, STORE_WIDTH = 102, 54
FUNCTION_HEIGHT, DEAD_LETTER_HEIGHT = 30, 17
LINE_HEIGHT, FONT_SIZE = 14, 11  # of the event names in the footer
VERB_WIDTH = 66  # the column of "publishes" and "subscribes" in the footer
MAX_LINES = 3  # per verb

FIRST_COLUMN, SECOND_COLUMN = PADDING, PADDING + FUNCTION_WIDTH + GAP
STORE_COLUMN = SECOND_COLUMN + FUNCTION_WIDTH + GAP
LAST_COLUMN = STORE_COLUMN + STORE_WIDTH + GAP


class Card(NamedTuple):
    """The boxes of a service and of its nodes, in the drawing's units."""

    service: Service
    box: Box
    is_mirrored: bool
    nodes: dict[str, Box]
    row_gaps: dict[str, float]
    """The y coordinate below each node's row, where a line can pass."""
    footer: list[tuple[str, str]]
    """Lines of verb (empty if it is the same as above) and event names."""


def layout_card(plan: Plan, service: Service, x: float, y: float, *, is_mirrored: bool) -> Card:
    """The card with its upper left corner at x, y."""
    rows = list(_rows(plan, service))
    nodes: dict[str, Box] = {}
    row_gaps: dict[str, float] = {}
    top = y + HEADER_HEIGHT
    for row in rows:
        height = max(_node_height(plan, node) for _, node in row)
        for left, node in row:
            box = Box(x + left, top, FUNCTION_WIDTH, FUNCTION_HEIGHT)
            nodes[node] = box
            row_gaps[node] = top + height + ROW_GAP / 2
            nodes |= _dead_letter_queue(plan, node, box)
        top += height + ROW_GAP
    bottom = top - ROW_GAP if rows else top
    store_height = max(bottom - y - HEADER_HEIGHT, FUNCTION_HEIGHT)
    nodes |= _stores(
        plan, service, Box(x + STORE_COLUMN, y + HEADER_HEIGHT, STORE_WIDTH, store_height)
    )
    subscribes_to_all = len(service.subscribes) == len(plan.events)
    footer = [
        *_footer_lines("publishes", service.publishes),
        *_footer_lines("subscribes", ["all events"] if subscribes_to_all else service.subscribes),
    ]
    height = bottom - y + 14 + (LINE_HEIGHT * len(footer) + 8 if footer else 0)
    if is_mirrored:
        nodes = {name: box._replace(x=2 * x + WIDTH - box.right) for name, box in nodes.items()}
    return Card(service, Box(x, y, WIDTH, height), is_mirrored, nodes, row_gaps, footer)


def _rows(plan: Plan, service: Service) -> Iterator[Row]:
    """Nodes that exchange messages with the bus or run commands first, the other functions last."""
    bus_rows = list(_bus_rows(plan, service))
    placed = {node for row in bus_rows for _, node in row}
    others = [node.id for node in plan.nodes_of(service.id, "function") if node.id not in placed]
    others.sort(key=lambda node: not plan.edges_to(node, "routes"))
    for n in range(max(len(bus_rows), len(others))):
        yield [
            *(bus_rows[n] if n < len(bus_rows) else []),
            *((LAST_COLUMN, node) for node in others[n : n + 1]),
        ]


def _bus_rows(plan: Plan, service: Service) -> Iterator[Row]:
    """The relay, each queue with its consumer, then the command function."""
    functions = [node.id for node in plan.nodes_of(service.id, "function")]
    yield from ([(SECOND_COLUMN, node)] for node in functions if plan.edges_from(node, "publishes"))
    all_consumers: set[str] = set()
    for queue in plan.nodes_of(service.id, "queue"):
        consumers = [edge.end for edge in plan.edges_from(queue.id, "delivers")]
        all_consumers.update(consumers)
        yield [(FIRST_COLUMN, queue.id), *((SECOND_COLUMN, each) for each in consumers[:1])]
    for node in functions:
        is_relay = plan.edges_from(node, "publishes")
        if plan.edges_to(node, "invokes") and node not in all_consumers and not is_relay:
            yield [(SECOND_COLUMN, node)]


def _node_height(plan: Plan, node: str) -> float:
    return FUNCTION_HEIGHT + (DEAD_LETTER_HEIGHT + 3 if plan.dead_letter_queues(node) else 0)


def _dead_letter_queue(plan: Plan, node: str, box: Box) -> dict[str, Box]:
    return {
        queue: Box(box.x, box.bottom + 3, FUNCTION_WIDTH, DEAD_LETTER_HEIGHT)
        for queue in plan.dead_letter_queues(node)[:1]
    }


def _stores(plan: Plan, service: Service, column: Box) -> dict[str, Box]:
    stores: Sequence[Node] = [
        node for kind in STORE_KINDS for node in plan.nodes_of(service.id, kind)
    ]
    if not stores:
        return {}
    height = (column.height + 8) / len(stores)
    return {
        store.id: column._replace(y=column.y + n * height, height=height - 8)
        for n, store in enumerate(stores)
    }


def _footer_lines(verb: str, events: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Breaks the event names into at most MAX_LINES lines; the last one may be "and N more"."""
    available_width = WIDTH - 2 * PADDING - VERB_WIDTH
    line, lines = "", []
    for event in events:
        longer_line = f"{line} · {event}" if line else event
        if line and text_width(longer_line, FONT_SIZE) > available_width:
            lines.append(line)
            longer_line = event
        line = longer_line
    lines += [line] if line else []
    if len(lines) > MAX_LINES:
        shown = sum(each.count("·") + 1 for each in lines[: MAX_LINES - 1])
        lines = [*lines[: MAX_LINES - 1], f"and {len(events) - shown} more"]
    for n, each in enumerate(lines):
        yield (verb if n == 0 else ""), each
