"""Captures what a function writes to its log."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from souk.kernel.logs import logger

if TYPE_CHECKING:
    from collections.abc import Iterator


class _LineCollector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(logger.registered_formatter)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@contextmanager
def capture_log() -> Iterator[list[dict[str, Any]]]:
    """The log lines written inside the block, parsed from JSON."""
    collector = _LineCollector()
    logging.getLogger(logger.name).addHandler(collector)
    yield collector.lines
    logging.getLogger(logger.name).removeHandler(collector)
    logger.remove_keys(["correlation_id"])
