"""What is written to a function's log."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from souk.kernel.logs import logger

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Pages(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(logger.registered_formatter)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@contextmanager
def logged() -> Iterator[list[dict[str, Any]]]:
    """The lines written inside the block."""
    pages = _Pages()
    logging.getLogger(logger.name).addHandler(pages)
    yield pages.lines
    logging.getLogger(logger.name).removeHandler(pages)
    logger.remove_keys(["correlation_id"])
