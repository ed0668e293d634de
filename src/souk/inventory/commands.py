"""What inventory can be asked to do by the checkout workflow."""

from __future__ import annotations

from typing import Literal

import msgspec

from souk.kernel.commands import Command


class WantedLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    quantity: int


class ReserveStock(Command, frozen=True, kw_only=True):
    """Hold all lines for the order, or none of them; no SKU twice. The hold is leased."""

    order_id: str
    lines: list[WantedLine]


class CommitStock(Command, frozen=True, kw_only=True):
    """Let the order's hold last: its goods are sold."""

    order_id: str


class ReleaseStock(Command, frozen=True, kw_only=True):
    """Give back whatever the order holds, for good: it will never hold anything again."""

    order_id: str


class Shortage(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    wanted: int
    available: int


class Reserved(msgspec.Struct, frozen=True, kw_only=True):
    """`rejected` names what is short; `released`: a ReleaseStock came before."""

    status: Literal["reserved", "rejected", "released"]
    shortages: list[Shortage] = []


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """`lapsed`: the lease ended first, or the hold was released; nothing is held."""

    status: Literal["committed", "lapsed"]


class Released(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["released"] = "released"
