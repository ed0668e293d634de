"""A workflow's states in three lines: what is hoped for, what may be in the way, how it is undone.

The lines lie below each other where there is width, else beside each other; ways are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.shopmap.shapes import Box, line, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.shopmap.document import State, Workflow

    Point = tuple[float, float]

HEAD, PAD = 40, 14
TASK, SMALL, CHOICE = 32, 20, 16  # how high
LETTERS = 11


APART = 4  # ways to different states, between two lines
Step = tuple[str, str, bool]
"""From a state to another, and whether it is the way of a failure."""


class Steps(NamedTuple):
    """The workflow's box, those of its states, and the ways between them."""

    box: Box
    states: dict[str, Box]
    ways: dict[Step, str]


def steps(flow: Workflow, box: Box, *, across: bool) -> Steps:
    """Lines side by side (`across`: one below the other), within the box's width."""
    lines = _lines(flow)
    longest = max(len(line) for line in lines)
    length = (box.width - 2 * PAD) if across else longest * (TASK + 18)
    places = {}
    for n, row in enumerate(lines):
        for m, state in enumerate(row):
            along = length * (m + 0.5) / (len(row) if across else longest)
            if across:
                middle = box.x + PAD + along, box.y + HEAD + 17 + n * 68
            else:
                each = (box.width - 2 * PAD) / len(lines)
                middle = box.x + PAD + (n + 0.5) * each, box.y + HEAD + along
            places[state.name] = _around(state, *middle)
    bottom = max(each.bottom for each in places.values()) + PAD + 6
    ways = dict(_ways(flow, lines, places, across=across))
    return Steps(box._replace(height=bottom - box.y), places, ways)


def _ways(
    flow: Workflow, lines: list[list[State]], places: dict[str, Box], *, across: bool
) -> Iterator[tuple[Step, str]]:
    """Ways to the same state run together, those to different ones apart."""
    order = [state.name for row in lines for state in row]
    rows = {state.name: n for n, row in enumerate(lines) for state in row}
    steps = [
        (state.name, after, failed)
        for state in flow.states
        for failed, following in ((False, state.next), (True, state.caught))
        for after in following
    ]
    ends = sorted({end for start, end, _ in steps if rows[start] != rows[end]}, key=order.index)
    turned = [[_turned(places[state.name], turn=not across) for state in row] for row in lines]
    clear = [(min(box.y for box in row), max(box.bottom for box in row)) for row in turned]
    for step in steps:
        start, end, _ = step
        begin, arrive = (_turned(places[name], turn=not across) for name in (start, end))
        if rows[start] == rows[end]:
            is_next = order.index(end) == order.index(start) + 1
            points = _beside(begin, arrive) if is_next else _past(begin, arrive, clear[rows[start]])
        else:
            points = _over(begin, arrive, clear[rows[start]], 6 + APART * ends.index(end))
        yield step, line(*(point if across else point[::-1] for point in points), bend=5)


def _beside(begin: Box, arrive: Box) -> list[Point]:
    return [(begin.right, begin.middle), (arrive.x, arrive.middle)]


def _past(begin: Box, arrive: Box, row: tuple[float, float]) -> list[Point]:
    """Around those in between."""
    below = row[1] + 7
    return [(begin.centre, begin.bottom), (begin.centre, below), (arrive.centre, below),
            (arrive.centre, arrive.bottom)]  # fmt: skip


def _over(begin: Box, arrive: Box, row: tuple[float, float], lane: float) -> list[Point]:
    """Into the space beside the line it starts from, along, and on to the state."""
    down = arrive.y > begin.y
    lane_at = row[1] + lane if down else row[0] - lane
    first, last = (begin.bottom, arrive.y) if down else (begin.y, arrive.bottom)
    return [(begin.centre, first), (begin.centre, lane_at), (arrive.centre, lane_at),
            (arrive.centre, last)]  # fmt: skip


def _turned(box: Box, *, turn: bool) -> Box:
    return Box(box.y, box.x, box.height, box.width) if turn else box


def _lines(flow: Workflow) -> list[list[State]]:
    by_name = {state.name: state for state in flow.states}
    hoped = _chain(by_name, flow.start, set())
    seen = {state.name for state in hoped}
    passing = [state for state in flow.states if state.type == "Pass" and state.name not in seen]
    seen |= {state.name for state in passing}
    left = [state for state in flow.states if state.name not in seen]
    undone = _chain(by_name, left[0].name, seen) if left else []
    names = {state.name for state in undone}
    undone += [state for state in left if state.name not in names]
    return [line for line in (hoped, passing, undone) if line]


def _chain(by_name: dict[str, State], start: str, seen: set[str]) -> list[State]:
    """From state to state, by what is hoped for first."""
    chain: list[State] = []
    name: str | None = start
    while name and name not in seen and by_name[name] not in chain:
        chain.append(by_name[name])
        name = next(iter(by_name[name].next), None) if by_name[name].type != "Succeed" else None
    return chain


def _around(state: State, x: float, y: float) -> Box:
    if state.type == "Choice":
        return Box(x - CHOICE / 2, y - CHOICE / 2, CHOICE, CHOICE)
    width = max(52, text_width(state.name, LETTERS) + 18)
    height = TASK if state.room else SMALL
    return Box(x - width / 2, y - height / 2, width, height)
