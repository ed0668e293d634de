"""Response bodies of the watch's routes."""

from __future__ import annotations

import msgspec

from souk.watch.letters import Letter


class FigureView(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a queue now. `id` is its logical id, as on the map; counts are approximate."""

    id: str
    visible: int
    in_flight: int


class FiguresView(msgspec.Struct, frozen=True, kw_only=True):
    """Every queue there is; what waits in one of dead letters waits for a person."""

    items: list[FigureView]


class LettersView(msgspec.Struct, frozen=True, kw_only=True):
    """Ten letters at most, in no order; what a letter does not tell is null."""

    items: list[Letter]


class RedriveView(msgspec.Struct, frozen=True, kw_only=True):
    """How many letters went back. One that fails again comes back here."""

    moved: int
