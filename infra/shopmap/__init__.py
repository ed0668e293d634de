"""The map of the shop, generated from the deployed template and from the contracts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from infra import contracts
from infra.shopmap import arrangement, document, drawing, svg, template
from infra.shopmap.shapes import Drawing

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["build_map", "map_of_template", "render_svg"]

Json = dict[str, Any]


def build_map(assembly: Path, stack: str) -> Json:
    """The content of `map.json`: the plan of a stack and two drawings of it, `wide` and `tall`."""
    return map_of_template(template.read_template(assembly, stack))


def map_of_template(stack_template: template.Template) -> Json:
    """The same for a template that is already loaded."""
    plan = document.build_plan(stack_template, contracts.openapi(), contracts.events_json())
    drawings = {
        "wide": drawing.draw(plan, arrangement.arrange_wide(plan)),
        "tall": drawing.draw(plan, arrangement.arrange_tall(plan)),
    }
    shop_map: Json = json.loads(msgspec.json.encode({**plan._asdict(), "drawings": drawings}))
    return shop_map


def render_svg(shop_map: Json) -> str:
    """The wide drawing as a standalone SVG file, with a light and a dark color scheme."""
    return svg.render(msgspec.convert(shop_map["drawings"]["wide"], Drawing))
