"""The bar chart of the ratios, as SVG."""

from collections.abc import Sequence
from html import escape

from bench.results import StepResult

WIDTH, LEFT, RIGHT = 760, 290, 130
TOP, ROW_HEIGHT, BAR_HEIGHT = 64, 34, 16
NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
FONT = 'font-family="system-ui, sans-serif" font-size="13"'
TEXT_COLOUR, MUTED_COLOUR = "#24292f", "#8c959f"
MET_COLOUR, MISSED_COLOUR = "#2f7d4f", "#b4342d"


def render_svg(results: Sequence[StepResult], caption: str) -> str:
    """A bar per compared step: the shop's time in multiples of the floor's, with its interval."""
    results = [result for result in results if result.is_compared]
    maximum = max(2.0, *(result.interval()[1] for result in results))
    height = TOP + ROW_HEIGHT * len(results) + 40
    scale = (WIDTH - LEFT - RIGHT) / maximum
    rows = [_row(result, TOP + ROW_HEIGHT * n, scale) for n, result in enumerate(results)]
    floor_x = LEFT + scale
    return "\n".join(
        [
            f'<svg {NAMESPACE} viewBox="0 0 {WIDTH} {height}" {FONT} role="img">',
            f"<title>{escape(caption)}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            _text(20, 26, "The shop's time as a multiple of the floor's", TEXT_COLOUR, size=16),
            _text(20, 45, caption, MUTED_COLOUR),
            *rows,
            _line(floor_x, TOP - 8, floor_x, height - 32, TEXT_COLOUR, dash=True),
            _text(floor_x, height - 14, "floor = 1", TEXT_COLOUR, anchor="middle"),
            "</svg>\n",
        ]
    )


def _row(result: StepResult, y: int, scale: float) -> str:
    low, high = result.interval()
    middle = y + BAR_HEIGHT / 2
    is_met = result.target is None or result.target.is_met_by(result)
    colour = MET_COLOUR if is_met else MISSED_COLOUR
    width = result.ratio * scale
    elements = [
        _text(LEFT - 12, y + 13, result.step, TEXT_COLOUR, anchor="end"),
        (
            f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR_HEIGHT}" rx="2"'
            f' fill="{colour}"/>'
        ),
        _line(LEFT + low * scale, middle, LEFT + high * scale, middle, TEXT_COLOUR),
        _text(WIDTH - RIGHT + 14, y + 13, f"{result.ratio:.2f}", TEXT_COLOUR),
    ]
    if result.target is not None:
        target = str(result.target)
        elements.append(_text(WIDTH - RIGHT + 50, y + 13, target, MUTED_COLOUR, size=11))
        if result.target.of == "ratio":
            x = LEFT + result.target.maximum * scale
            elements.append(_line(x, y - 4, x, y + BAR_HEIGHT + 4, MISSED_COLOUR))
    return "\n".join(elements)


def _text(
    x: float, y: float, text: str, fill: str, *, size: int = 13, anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" font-size="{size}"'
        f' text-anchor="{anchor}">{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, *, dash: bool = False) -> str:
    dashes = ' stroke-dasharray="4 3"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}"'
        f' stroke-width="1.5"{dashes}/>'
    )
