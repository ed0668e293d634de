"""What a drawing is made of: SVG elements in groups, each group drawn for one thing of the map."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

Shape = tuple[str, dict[str, Any], str]
"""An SVG element: its tag, its attributes, its text."""

WIDE_LETTERS, NARROW_LETTERS = "mwMW@%", "iljtfrI.,:;'|· "


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The shapes of one node, edge or room, by its id; `style` are its classes."""

    of: str
    style: str
    shapes: list[Shape]


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """What lies below comes first."""

    width: int
    height: int
    groups: list[Group]


class Box(NamedTuple):
    """A rectangle, in the drawing's own units, about a pixel each."""

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
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def centre(self) -> float:
        return self.x + self.width / 2

    def meets(self, other: Box) -> bool:
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


def rect(box: Box, style: str, radius: float = 7) -> Shape:
    x, y, width, height = (_short(each) for each in box)
    return (
        "rect",
        {"x": x, "y": y, "width": width, "height": height, "rx": radius, "class": style},
        "",
    )


def path(d: str, style: str) -> Shape:
    return "path", {"d": d, "class": style}, ""


def text(x: float, y: float, words: str, style: str, anchor: str = "start") -> Shape:
    return "text", {"x": _short(x), "y": _short(y), "class": style, "text-anchor": anchor}, words


def circle(x: float, y: float, radius: float, style: str) -> Shape:
    return "circle", {"cx": _short(x), "cy": _short(y), "r": radius, "class": style}, ""


def line(*points: tuple[float, float], bend: float = 6) -> str:
    """A way along right angles whose corners are rounded."""
    kept = [point for n, point in enumerate(points) if n == 0 or point != points[n - 1]]
    way = [f"M{_short(kept[0][0])} {_short(kept[0][1])}"]
    for before, corner, after in zip(kept, kept[1:], kept[2:], strict=False):
        enter, leave = _towards(corner, before, bend), _towards(corner, after, bend)
        way.append(f"L{_at(enter)}Q{_at(corner)} {_at(leave)}")
    return "".join([*way, f"L{_at(kept[-1])}"])


def text_width(words: str, size: float) -> float:
    """About as wide as a system's sans-serif sets it; rather too wide than too narrow."""
    wide = sum(each in WIDE_LETTERS for each in words)
    narrow = sum(each in NARROW_LETTERS for each in words)
    return size * (0.63 * len(words) + 0.3 * wide - 0.28 * narrow)


def _towards(
    corner: tuple[float, float], other: tuple[float, float], by: float
) -> tuple[float, float]:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    part = min(by, length / 2) / length
    return corner[0] + dx * part, corner[1] + dy * part


def _at(point: tuple[float, float]) -> str:
    return f"{_short(point[0])} {_short(point[1])}"


def _short(number: float) -> float:
    rounded = round(number, 1)
    return int(rounded) if rounded == int(rounded) else rounded
