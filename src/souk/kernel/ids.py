"""Identifiers that sort by creation time (UUIDv7, RFC 9562 section 5.7)."""

from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def new_id() -> str:
    """A UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    Ids created in the same millisecond have no defined order.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds << 80) | random
    value = value & ~(0xF000 << 64) | (0x7000 << 64)  # version 7
    value = value & ~(0xC000 << 48) | (0x8000 << 48)  # RFC variant
    return str(uuid.UUID(int=value))


def id_lower_bound(moment: datetime) -> str:
    """Lower bound, in sort order, of ids created at or after `moment`."""
    digits = f"{int(moment.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}"
