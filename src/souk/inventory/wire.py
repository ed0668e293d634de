"""Request and response bodies of inventory's routes."""

from __future__ import annotations

from typing import Annotated

import msgspec

from souk.inventory.domain import MAX_MOVE, Move, Stock
from souk.kernel.patterns import ONE_LINE

Note = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=ONE_LINE)]


class NewReceipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods that came; `reference` is what the delivery is called."""

    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_MOVE)]
    reference: Note | None = None


class NewAdjustment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was counted more, or fewer, than the books say."""

    by: Annotated[int, msgspec.Meta(ge=-MAX_MOVE, le=MAX_MOVE)]
    reason: Note


class MoveView(msgspec.Struct, frozen=True, kw_only=True):
    """What was booked; the stock itself is read at `Location`."""

    sku: str
    kind: str
    by: int
    note: str | None
    at: str


class StockView(msgspec.Struct, frozen=True, kw_only=True):
    """`taken` is held for orders or sold: received = available + taken."""

    sku: str
    received: int
    available: int
    taken: int


class StockPage(msgspec.Struct, frozen=True):
    """`next` is the cursor of the page that follows, null on the last."""

    items: list[StockView]
    next: str | None


def move_view(move: Move) -> MoveView:
    return MoveView(sku=move.sku, kind=move.kind, by=move.by, note=move.note, at=move.at)


def stock_view(stock: Stock) -> StockView:
    return StockView(
        sku=stock.sku, received=stock.received, available=stock.available, taken=stock.taken
    )
