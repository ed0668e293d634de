"""Facts inventory says."""

from __future__ import annotations

from souk.kernel.facts import Fact


class StockReserved(Fact, frozen=True, kw_only=True):
    """All the order's lines are held for it, until the lease ends or they are sold."""

    order_id: str


class StockRejected(Fact, frozen=True, kw_only=True):
    """Nothing is held for the order: `skus` are what there was not enough of."""

    order_id: str
    skus: list[str]


class StockReleased(Fact, frozen=True, kw_only=True):
    """What was held for the order, or sold to it, is free again."""

    order_id: str


class StockDepleted(Fact, frozen=True, kw_only=True):
    """Nothing of the product is free any more; what is held may come back.

    `turn` grows with each depletion and replenishment: of two facts about one SKU the one
    with the higher turn holds.
    """

    sku: str
    turn: int


class StockReplenished(Fact, frozen=True, kw_only=True):
    """Something of the product is free again; `turn` as in StockDepleted."""

    sku: str
    turn: int
