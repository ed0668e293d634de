"""Response bodies of payment's routes."""

from __future__ import annotations

import msgspec


class NoticeTaken(msgspec.Struct, frozen=True):
    """`known` is false for a notice about something that is none of the shop's payments."""

    known: bool
