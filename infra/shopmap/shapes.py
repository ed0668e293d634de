"""The parts of a drawing: SVG elements in groups, one group per node, edge or service."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

Shape = tuple[str, dict[str, Any], str]
"""An SVG element: its tag, its attributes, its text."""

Point = tuple[float, float]

WIDE_LETTERS, NARROW_LETTERS = "mwMW@%", "iljtfrI.,:;'|· "


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The shapes of the node, edge or service with this `id`; `classes` are CSS classes."""

    id: str
    classes: str
    shapes: list[Shape]


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """The groups in drawing order: later groups cover earlier ones."""

    width: int
    height: int
    groups: list[Group]


class Box(NamedTuple):
    """A rectangle in the drawing's units, about one pixel each."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def center_x(self) -> float:
        return self.x + self.width / 2

    @property
    def center_y(self) -> float:
        return self.y + self.height / 2

    def overlaps(self, other: Box) -> bool:
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


def rect(box: Box, css_class: str, radius: float = 7) -> Shape:
    x, y, width, height = (_rounded(each) for each in box)
    return (
        "rect",
        {"x": x, "y": y, "width": width, "height": height, "rx": radius, "class": css_class},
        "",
    )


def path(d: str, css_class: str) -> Shape:
    return "path", {"d": d, "class": css_class}, ""


def text(x: float, y: float, content: str, css_class: str, anchor: str = "start") -> Shape:
    attributes = {"x": _rounded(x), "y": _rounded(y), "class": css_class, "text-anchor": anchor}
    return "text", attributes, content


def circle(x: float, y: float, radius: float, css_class: str) -> Shape:
    return "circle", {"cx": _rounded(x), "cy": _rounded(y), "r": radius, "class": css_class}, ""


def rounded_line(*points: Point, radius: float = 6) -> str:
    """The path data of a line of horizontal and vertical segments with rounded corners."""
    distinct = [point for n, point in enumerate(points) if n == 0 or point != points[n - 1]]
    parts = [f"M{_coordinates(distinct[0])}"]
    for before, corner, after in zip(distinct, distinct[1:], distinct[2:], strict=False):
        curve_start, curve_end = _towards(corner, before, radius), _towards(corner, after, radius)
        parts.append(
            f"L{_coordinates(curve_start)}Q{_coordinates(corner)} {_coordinates(curve_end)}"
        )
    return "".join([*parts, f"L{_coordinates(distinct[-1])}"])


def text_width(content: str, size: float) -> float:
    """The estimated width of a text in a sans-serif font; rather too wide than too narrow."""
    wide = sum(letter in WIDE_LETTERS for letter in content)
    narrow = sum(letter in NARROW_LETTERS for letter in content)
    return size * (0.63 * len(content) + 0.3 * wide - 0.28 * narrow)


def _towards(corner: Point, other: Point, distance: float) -> Point:
    """The point at `distance` from the corner, at most half way to the other point."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    fraction = min(distance, length / 2) / length
    return corner[0] + dx * fraction, corner[1] + dy * fraction


def _coordinates(point: Point) -> str:
    return f"{_rounded(point[0])} {_rounded(point[1])}"


def _rounded(number: float) -> float:
    rounded = round(number, 1)
    return int(rounded) if rounded == int(rounded) else rounded
