"""Inventory's commands, invoked by the checkout workflow."""

from __future__ import annotations

from typing import Literal

import msgspec

from souk.kernel.commands import Command


class StockLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    quantity: int


class ReserveStock(Command, frozen=True, kw_only=True):
    """Hold all lines for the order under a lease, or none of them. Each SKU appears once.

    Raises LinesMismatch when the order already has a hold with other lines, ValueError for a
    repeated SKU or a quantity below 1, and Busy.
    """

    order_id: str
    lines: list[StockLine]


class CommitStock(Command, frozen=True, kw_only=True):
    """Mark the reserved stock as sold. A committed hold has no lease and does not expire.

    Raises Busy.
    """

    order_id: str


class ReleaseStock(Command, frozen=True, kw_only=True):
    """Release everything held for the order or sold to it. The order can never hold stock again.

    Raises AlreadyReturned when items of the order were returned, and Busy.
    """

    order_id: str


class Shortage(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    requested: int
    available: int


class Reserved(msgspec.Struct, frozen=True, kw_only=True):
    """Result of ReserveStock.

    `rejected`: nothing is held; `shortages` lists the SKUs with insufficient stock.
    `released`: nothing is held, because the order was released before.
    """

    status: Literal["reserved", "rejected", "released"]
    shortages: list[Shortage] = []


class Committed(msgspec.Struct, frozen=True, kw_only=True):
    """Result of CommitStock.

    `expired`: the stock is not reserved, or no longer, so it was not committed.
    """

    status: Literal["committed", "expired"]


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """Result of ReleaseStock."""

    status: Literal["released"] = "released"
