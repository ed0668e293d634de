"""What all rooms share stays small: what grows belongs into a room, or is Powertools' work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from souk import edges, kernel

if TYPE_CHECKING:
    from types import ModuleType


@pytest.mark.parametrize(("package", "most"), [(kernel, 465), (edges, 520)])
def test_what_rooms_share_stays_small(package: ModuleType, most: int) -> None:
    files = Path(package.__path__[0]).glob("*.py")
    lines = [line for file in files for line in file.read_text().splitlines() if line.strip()]

    assert 0 < len(lines) <= most
