"""The kernel stays small: what grows belongs into a room, or is Powertools' work."""

from __future__ import annotations

from pathlib import Path

from souk import kernel

MAX_LINES = 800


def test_the_kernel_has_at_most_800_lines() -> None:
    files = Path(kernel.__path__[0]).glob("*.py")
    lines = [line for file in files for line in file.read_text().splitlines() if line.strip()]

    assert 0 < len(lines) <= MAX_LINES
