"""What a replay needs of a shop that no customer and no member of staff can ask for over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Account:
    """An order in the ledger and in the storeroom: minor units, and pieces that are its own."""

    captured: int = 0
    refunded: int = 0
    pieces: int = 0

    @property
    def kept(self) -> int:
        return self.captured - self.refunded


@dataclass(frozen=True)
class Shelf:
    """Pieces of one SKU; `sold` is without the `came_back` that were sold before."""

    received: int = 0
    available: int = 0
    reserved: int = 0
    sold: int = 0
    came_back: int = 0

    @property
    def balances(self) -> bool:
        return self.received == self.available + self.reserved + self.sold

    def __add__(self, other: "Shelf") -> "Shelf":
        return Shelf(
            self.received + other.received,
            self.available + other.available,
            self.reserved + other.reserved,
            self.sold + other.sold,
            self.came_back + other.came_back,
        )


@dataclass(frozen=True)
class Figures:
    """The shop's ledger by order and its storeroom by SKU."""

    accounts: Mapping[str, Account]
    shelves: Mapping[str, Shelf]


class Backstage(Protocol):
    def notice_secret(self) -> str:
        """What carriers sign their notices with."""

    def figures(self) -> Figures:
        """As they are now, read from the rooms' tables."""
