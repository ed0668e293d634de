"""Events that inventory publishes."""

from __future__ import annotations

from souk.kernel.events import Event


class StockReserved(Event, frozen=True, kw_only=True):
    """All lines of the order are held, until the lease ends or they are sold."""

    order_id: str


class StockRejected(Event, frozen=True, kw_only=True):
    """Nothing is held for the order. `skus` are the SKUs with insufficient stock."""

    order_id: str
    skus: list[str]


class StockReleased(Event, frozen=True, kw_only=True):
    """Stock that was held for the order or sold to it is available again."""

    order_id: str


class StockDepleted(Event, frozen=True, kw_only=True):
    """No stock of the SKU is available. Reserved stock may become available again.

    `availability_version` grows by one with each depletion and replenishment of a SKU. Of two
    events about one SKU, the one with the higher version is the newer one.
    """

    sku: str
    availability_version: int


class StockReplenished(Event, frozen=True, kw_only=True):
    """Stock of the SKU is available again. `availability_version` is as in StockDepleted."""

    sku: str
    availability_version: int
