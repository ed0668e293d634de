"""Folders that are created once and never changed."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def create_once(folder: Path) -> Iterator[Path]:
    """Yields a temporary folder to fill; it is renamed to `folder` when the block succeeds.

    The rename is atomic: `folder` is complete or does not exist. If another process created it
    first, that one is kept.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix="unfinished-", dir=folder.parent, ignore_cleanup_errors=True
    ) as temporary:
        unfinished = Path(temporary, folder.name)
        unfinished.mkdir()
        yield unfinished
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.exists():
                raise
