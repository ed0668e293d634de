"""Request and response bodies of inventory's routes."""

from __future__ import annotations

from typing import Annotated

import msgspec

from souk.inventory.domain import MAX_MOVEMENT_QUANTITY, Stock, StockMovement
from souk.kernel.patterns import ONE_LINE

Note = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]


class ReceiptRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stock received from a supplier. `reference` identifies the delivery."""

    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_MOVEMENT_QUANTITY)]
    reference: Note | None = None


class AdjustmentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A correction after a count. `quantity` is signed: -2 removes two items from stock."""

    quantity: Annotated[int, msgspec.Meta(ge=-MAX_MOVEMENT_QUANTITY, le=MAX_MOVEMENT_QUANTITY)]
    reason: Note


class MovementView(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded movement. `quantity` is signed. The resulting stock is at `Location`."""

    sku: str
    type: str
    quantity: int
    note: str | None
    at: str


class StockView(msgspec.Struct, frozen=True, kw_only=True):
    """`allocated` is reserved for orders or sold: received = available + allocated."""

    sku: str
    received: int
    available: int
    allocated: int


class StockPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the next page, null on the last page."""

    items: list[StockView]
    next: str | None


def movement_view(movement: StockMovement) -> MovementView:
    return MovementView(
        sku=movement.sku,
        type=movement.type,
        quantity=movement.quantity,
        note=movement.note,
        at=movement.at,
    )


def stock_view(stock: Stock) -> StockView:
    return StockView(
        sku=stock.sku,
        received=stock.received,
        available=stock.available,
        allocated=stock.allocated,
    )
