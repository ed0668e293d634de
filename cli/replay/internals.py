"""The data of a shop that a replay needs and that no API provides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class OrderBalance:
    """What an order has moved: money in minor units, and the number of items it holds or bought."""

    captured: int = 0
    refunded: int = 0
    items: int = 0

    @property
    def paid(self) -> int:
        """Captured without refunded."""
        return self.captured - self.refunded


@dataclass(frozen=True)
class StockBalance:
    """Numbers of items of one SKU. Returned items count in `returned` and not in `sold`."""

    received: int = 0
    available: int = 0
    reserved: int = 0
    sold: int = 0
    returned: int = 0

    @property
    def is_balanced(self) -> bool:
        return self.received == self.available + self.reserved + self.sold

    def __add__(self, other: "StockBalance") -> "StockBalance":
        return StockBalance(
            self.received + other.received,
            self.available + other.available,
            self.reserved + other.reserved,
            self.sold + other.sold,
            self.returned + other.returned,
        )


@dataclass(frozen=True)
class Balances:
    """Balances of all orders by order id, and of all stock by SKU."""

    orders: Mapping[str, OrderBalance]
    stock: Mapping[str, StockBalance]


class ShopInternals(Protocol):
    def webhook_secret(self) -> str:
        """The secret with which carriers sign their webhooks."""

    def balances(self) -> Balances:
        """The current balances, read from the tables of the services."""
