"""What commands print can be read."""

import pytest

from cli.say import columns, progress


def test_words_stand_on_the_left_and_numbers_on_the_right() -> None:
    table = columns([("queue", "waiting"), ("orders", 5), ("mail", 1200)])

    assert table.splitlines() == ["queue   waiting", "orders        5", "mail       1200"]


def test_without_a_terminal_progress_is_a_line_for_each_tenth(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress("Playing") as show:
        for done in range(1001):
            show(done, 1000)

    said = capsys.readouterr()
    assert said.err.splitlines() == [f"Playing: {percent} %" for percent in range(0, 101, 10)]
    assert said.out == ""
