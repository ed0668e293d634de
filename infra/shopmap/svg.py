"""Renders a drawing as an SVG file, with the style sheet of the map's page."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.shopmap.shapes import Drawing, Group, Shape

STYLE_SHEET = Path(__file__).parents[2] / "storefront" / "map" / "drawing.css"
TITLE = "Souk: services, event bus and checkout workflow"


def render(drawing: Drawing) -> str:
    """One file. The viewer's system selects the light or the dark color scheme."""
    return "\n".join(_lines(drawing)) + "\n"


def _lines(drawing: Drawing) -> Iterator[str]:
    size = f'viewBox="0 0 {drawing.width} {drawing.height}" width="{drawing.width}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="shop-map" role="img">'
    yield f"<title>{escape(TITLE)}</title>"
    yield f"<style>\n{STYLE_SHEET.read_text().strip()}\n</style>"
    yield f'<rect class="ground" width="{drawing.width}" height="{drawing.height}" rx="14"/>'
    for group in drawing.groups:
        yield from _group(group)
    yield "</svg>"


def _group(group: Group) -> Iterator[str]:
    yield f'<g class="{group.classes}">'
    yield from (_element(shape) for shape in group.shapes if shape[0] != "text" or shape[2])
    yield "</g>"


def _element(shape: Shape) -> str:
    tag, attributes, text = shape
    attribute_list = " ".join(
        f'{name}="{escape(str(value))}"' for name, value in attributes.items()
    )
    return (
        f"<{tag} {attribute_list}>{escape(text)}</{tag}>" if text else f"<{tag} {attribute_list}/>"
    )
