"""The picture: a bar per step, readable by any SVG viewer."""

from xml.etree import ElementTree as ET

from bench.chart import BAD, GOOD, svg
from bench.figures import Figures, Target

SVG = "{http://www.w3.org/2000/svg}"
GOOD_STEP = Figures("read <one> & two", "ms", [2.0, 2.0], [2.0, 2.0], Target(1.3))
BAD_STEP = Figures("put a line", "ms", [4.0, 4.0], [2.0, 2.0], Target(1.5))


def bars(picture: str) -> list[tuple[str, float]]:
    root = ET.fromstring(picture)  # noqa: S314  our own
    found = [rect for rect in root.iter(f"{SVG}rect") if rect.get("rx")]
    return [(rect.get("fill", ""), float(rect.get("width", "0"))) for rect in found]


def test_a_bar_is_as_long_as_the_step_takes_in_the_floors_time() -> None:
    (_, good), (_, bad) = bars(svg([GOOD_STEP, BAD_STEP], "today"))

    assert bad == 2 * good


def test_a_missed_target_is_seen_by_its_colour() -> None:
    assert [colour for colour, _ in bars(svg([GOOD_STEP, BAD_STEP], "today"))] == [GOOD, BAD]


def test_names_and_caption_are_text_whatever_they_contain() -> None:
    root = ET.fromstring(svg([GOOD_STEP], "2 < 3"))  # noqa: S314  our own

    told = [text.text for text in root.iter(f"{SVG}text")]

    assert "read <one> & two" in told
    assert "2 < 3" in told
