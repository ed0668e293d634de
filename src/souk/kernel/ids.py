"""Identifiers that sort by the time they were made (UUIDv7, RFC 9562 section 5.7)."""

from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def new_id() -> str:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    Ids of one process made in the same millisecond do not sort among themselves.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds << 80) | random
    value = value & ~(0xF000 << 64) | (0x7000 << 64)  # version 7
    value = value & ~(0xC000 << 48) | (0x8000 << 48)  # RFC variant
    return str(uuid.UUID(int=value))


def id_before(moment: datetime) -> str:
    """What every id made from the moment on sorts behind, and every earlier one before."""
    digits = f"{int(moment.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}"
