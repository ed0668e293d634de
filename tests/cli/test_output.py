"""The output of commands is readable on a terminal and in a log."""

import pytest

from cli.output import columns, progress


def test_text_is_left_aligned_and_numbers_are_right_aligned() -> None:
    table = columns([("queue", "waiting"), ("orders", 5), ("email", 1200)])

    assert table.splitlines() == ["queue   waiting", "orders        5", "email      1200"]


def test_without_a_terminal_progress_is_a_line_for_every_tenth(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress("Replaying") as report:
        for done in range(1001):
            report(done, 1000)

    output = capsys.readouterr()
    assert output.err.splitlines() == [f"Replaying: {percent} %" for percent in range(0, 101, 10)]
    assert output.out == ""
