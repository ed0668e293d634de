"""The layout of a workflow: its states in three rows, and the lines of its transitions.

The rows are the path without errors, the Pass states, and the compensation. In a narrow drawing
the rows are columns, with the same lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.shopmap.shapes import Box, Point, rounded_line, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.shopmap.document import State, Workflow

HEADER_HEIGHT, PADDING = 40, 14
TASK_HEIGHT, SMALL_HEIGHT, CHOICE_SIZE = 32, 20, 16
FONT_SIZE = 11
ROW_DISTANCE = 68
LANE_DISTANCE = 4  # between the lines to different states

Transition = tuple[str, str, bool]
"""From a state to another, and whether it is taken after an error."""


class WorkflowLayout(NamedTuple):
    """The boxes of the workflow and its states, and the SVG path data of the transitions."""

    box: Box
    states: dict[str, Box]
    lines: dict[Transition, str]


def layout_workflow(workflow: Workflow, area: Box, *, is_horizontal: bool) -> WorkflowLayout:
    """Fits the workflow into the width of `area`, with horizontal rows or as columns."""
    rows = _rows(workflow)
    longest = max(len(row) for row in rows)
    inner_width = area.width - 2 * PADDING
    length = inner_width if is_horizontal else longest * (TASK_HEIGHT + 18)
    boxes = {}
    for n, row in enumerate(rows):
        for m, state in enumerate(row):
            along = length * (m + 0.5) / (len(row) if is_horizontal else longest)
            if is_horizontal:
                center = area.x + PADDING + along, area.y + HEADER_HEIGHT + 17 + n * ROW_DISTANCE
            else:
                column_width = inner_width / len(rows)
                center = (
                    area.x + PADDING + (n + 0.5) * column_width,
                    area.y + HEADER_HEIGHT + along,
                )
            boxes[state.name] = _state_box(state, *center)
    bottom = max(box.bottom for box in boxes.values()) + PADDING + 6
    lines = dict(_transition_lines(workflow, rows, boxes, is_horizontal=is_horizontal))
    return WorkflowLayout(area._replace(height=bottom - area.y), boxes, lines)


def _transition_lines(
    workflow: Workflow, rows: list[list[State]], boxes: dict[str, Box], *, is_horizontal: bool
) -> Iterator[tuple[Transition, str]]:
    """Lines to the same state share a lane; lines to different states have separate lanes.

    Columns are transposed to rows first, and the resulting points are transposed back.
    """
    order = [state.name for row in rows for state in row]
    row_of = {state.name: n for n, row in enumerate(rows) for state in row}
    transitions = list(_transitions(workflow))
    lanes = sorted(
        {end for start, end, _ in transitions if row_of[start] != row_of[end]}, key=order.index
    )
    if not is_horizontal:
        boxes = {name: _transposed(box) for name, box in boxes.items()}
    extents = [_row_extent([boxes[state.name] for state in row]) for row in rows]
    for transition in transitions:
        start, end, _ = transition
        extent = extents[row_of[start]]
        if row_of[start] != row_of[end]:
            lane = 6 + LANE_DISTANCE * lanes.index(end)
            points = _line_between_rows(boxes[start], boxes[end], extent, lane)
        elif order.index(end) == order.index(start) + 1:
            points = _line_to_next(boxes[start], boxes[end])
        else:
            points = _line_below_row(boxes[start], boxes[end], extent)
        yield (
            transition,
            rounded_line(*(point if is_horizontal else point[::-1] for point in points), radius=5),
        )


def _transitions(workflow: Workflow) -> Iterator[Transition]:
    for state in workflow.states:
        yield from ((state.name, following, False) for following in state.next)
        yield from ((state.name, following, True) for following in state.on_error)


def _row_extent(boxes: list[Box]) -> tuple[float, float]:
    return min(box.y for box in boxes), max(box.bottom for box in boxes)


def _line_to_next(start: Box, end: Box) -> list[Point]:
    return [(start.right, start.center_y), (end.x, end.center_y)]


def _line_below_row(start: Box, end: Box, extent: tuple[float, float]) -> list[Point]:
    """Below the states between the two."""
    y = extent[1] + 7
    return [
        (start.center_x, start.bottom),
        (start.center_x, y),
        (end.center_x, y),
        (end.center_x, end.bottom),
    ]


def _line_between_rows(
    start: Box, end: Box, extent: tuple[float, float], lane: float
) -> list[Point]:
    """Along a lane beside the row of the start, then to the state in the other row."""
    goes_down = end.y > start.y
    y = extent[1] + lane if goes_down else extent[0] - lane
    y1, y2 = (start.bottom, end.y) if goes_down else (start.y, end.bottom)
    return [(start.center_x, y1), (start.center_x, y), (end.center_x, y), (end.center_x, y2)]


def _transposed(box: Box) -> Box:
    return Box(box.y, box.x, box.height, box.width)


def _rows(workflow: Workflow) -> list[list[State]]:
    by_name = {state.name: state for state in workflow.states}
    main_path = _path(by_name, workflow.start, set())
    seen = {state.name for state in main_path}
    passes = [state for state in workflow.states if state.type == "Pass" and state.name not in seen]
    seen |= {state.name for state in passes}
    remaining = [state for state in workflow.states if state.name not in seen]
    compensation = _path(by_name, remaining[0].name, seen) if remaining else []
    names = {state.name for state in compensation}
    compensation += [state for state in remaining if state.name not in names]
    return [row for row in (main_path, passes, compensation) if row]


def _path(by_name: dict[str, State], start: str, seen: set[str]) -> list[State]:
    """The states from `start` on, by the first transition of each, up to one of `seen`."""
    path: list[State] = []
    name: str | None = start
    while name and name not in seen and by_name[name] not in path:
        path.append(by_name[name])
        name = next(iter(by_name[name].next), None) if by_name[name].type != "Succeed" else None
    return path


def _state_box(state: State, x: float, y: float) -> Box:
    """The box of a state with its center at x, y."""
    if state.type == "Choice":
        return Box(x - CHOICE_SIZE / 2, y - CHOICE_SIZE / 2, CHOICE_SIZE, CHOICE_SIZE)
    width = max(52, text_width(state.name, FONT_SIZE) + 18)
    height = TASK_HEIGHT if state.service else SMALL_HEIGHT
    return Box(x - width / 2, y - height / 2, width, height)
