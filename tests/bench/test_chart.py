"""The chart has a bar per step, and any SVG viewer can show it."""

from xml.etree import ElementTree as ET

from bench.chart import MET_COLOUR, MISSED_COLOUR, render_svg
from bench.results import StepResult, Target

SVG = "{http://www.w3.org/2000/svg}"
MET = StepResult("read <one> & two", "ms", [2.0, 2.0], [2.0, 2.0], Target(1.3))
MISSED = StepResult("put a line", "ms", [4.0, 4.0], [2.0, 2.0], Target(1.5))


def bars(svg: str) -> list[tuple[str, float]]:
    root = ET.fromstring(svg)  # noqa: S314  our own
    found = [rect for rect in root.iter(f"{SVG}rect") if rect.get("rx")]
    return [(rect.get("fill", ""), float(rect.get("width", "0"))) for rect in found]


def test_the_length_of_a_bar_is_the_ratio_to_the_floor() -> None:
    (_, met), (_, missed) = bars(render_svg([MET, MISSED], "today"))

    assert missed == 2 * met


def test_the_colour_of_a_bar_shows_whether_the_target_is_met() -> None:
    colours = [colour for colour, _ in bars(render_svg([MET, MISSED], "today"))]

    assert colours == [MET_COLOUR, MISSED_COLOUR]


def test_names_and_caption_are_escaped() -> None:
    root = ET.fromstring(render_svg([MET], "2 < 3"))  # noqa: S314  our own

    texts = [text.text for text in root.iter(f"{SVG}text")]

    assert "read <one> & two" in texts
    assert "2 < 3" in texts
