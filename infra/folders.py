"""Folders that are made once and never changed."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def made_once(place: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `place` when the block ends well: all of it or nothing.

    When another process is faster, its folder stays.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix="unfinished-", dir=place.parent, ignore_cleanup_errors=True
    ) as scratch:
        unfinished = Path(scratch, place.name)
        unfinished.mkdir()
        yield unfinished
        try:
            unfinished.rename(place)
        except OSError:
            if not place.exists():
                raise
