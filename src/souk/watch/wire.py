"""Response bodies of the watch's routes."""

from __future__ import annotations

import msgspec


class FigureView(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a queue now. `id` is its logical id, as on the map; counts are approximate."""

    id: str
    visible: int
    in_flight: int


class FiguresView(msgspec.Struct, frozen=True, kw_only=True):
    """Every queue there is; what waits in one of dead letters waits for a person."""

    items: list[FigureView]
