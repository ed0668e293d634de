"""The map of the shop: made from what is deployed and from the rooms' own tables, never by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from infra import contracts
from infra.shopmap import arrangement, document, drawing, svg, template
from infra.shopmap.shapes import Drawing

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["make", "of_template", "picture"]

Json = dict[str, Any]


def make(assembly: Path, stack: str) -> Json:
    """`map.json` of a stack: what there is, and two drawings of it, `wide` and `tall`."""
    return of_template(template.read(assembly, stack))


def of_template(deployed: template.Template) -> Json:
    """The same of a template at hand."""
    plan = document.plan(deployed, contracts.openapi(), contracts.events_json())
    drawings = {
        "wide": drawing.drawing(plan, arrangement.wide(plan)),
        "tall": drawing.drawing(plan, arrangement.tall(plan)),
    }
    made: Json = json.loads(msgspec.json.encode({**plan._asdict(), "drawings": drawings}))
    return made


def picture(made: Json) -> str:
    """The wide drawing as an SVG of its own, light and dark."""
    return svg.document(msgspec.convert(made["drawings"]["wide"], Drawing))
