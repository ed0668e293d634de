"""The ratios as a picture: an SVG anyone's browser or README shows."""

from collections.abc import Sequence
from html import escape

from bench.figures import Figures

WIDTH, LEFT, RIGHT = 760, 290, 130
TOP, ROW, BAR = 64, 34, 16
SPACE = 'xmlns="http://www.w3.org/2000/svg"'
FONT = 'font-family="system-ui, sans-serif" font-size="13"'
INK, FAINT, GOOD, BAD = "#24292f", "#8c959f", "#2f7d4f", "#b4342d"


def svg(figures: Sequence[Figures], caption: str) -> str:
    """A bar per step as long as the shop takes, in the floor's time; whiskers are the spread."""
    figures = [each for each in figures if each.compared]
    most = max(2.0, *(each.spread()[1] for each in figures))
    height = TOP + ROW * len(figures) + 40
    scale = (WIDTH - LEFT - RIGHT) / most
    rows = [_row(each, TOP + ROW * n, scale) for n, each in enumerate(figures)]
    floor = LEFT + scale
    return "\n".join(
        [
            f'<svg {SPACE} viewBox="0 0 {WIDTH} {height}" {FONT} role="img">',
            f"<title>{escape(caption)}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            _text(20, 26, "The shop's time as a multiple of the floor's", INK, size=16),
            _text(20, 45, caption, FAINT),
            *rows,
            _line(floor, TOP - 8, floor, height - 32, INK, dash=True),
            _text(floor, height - 14, "floor = 1", INK, anchor="middle"),
            "</svg>\n",
        ]
    )


def _row(each: Figures, y: int, scale: float) -> str:
    low, high = each.spread()
    middle = y + BAR / 2
    is_met = each.target is None or each.target.met(each)
    colour = GOOD if is_met else BAD
    width = each.ratio * scale
    parts = [
        _text(LEFT - 12, y + 13, each.step, INK, anchor="end"),
        f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{colour}"/>',
        _line(LEFT + low * scale, middle, LEFT + high * scale, middle, INK),
        _text(WIDTH - RIGHT + 14, y + 13, f"{each.ratio:.2f}", INK),
    ]
    if each.target is not None:
        parts.append(_text(WIDTH - RIGHT + 50, y + 13, str(each.target), FAINT, size=11))
        if each.target.of == "ratio":
            x = LEFT + each.target.most * scale
            parts.append(_line(x, y - 4, x, y + BAR + 4, BAD))
    return "\n".join(parts)


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
