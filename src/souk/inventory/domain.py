"""Stock, what changes it, what is held for orders, and what comes back of it.

Of each SKU, received = available + reserved + sold. The first `progress` lines of a hold have
been taken from what is available: reserved, or sold once the hold is committed. What came back
is sold no more: it is available again, or written off, and then received no more either.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from souk.inventory.commands import Committed, Reserved, Shortage, WantedLine
from souk.inventory.events import StockDepleted, StockReplenished
from souk.kernel.errors import Conflict, Invalid
from souk.kernel.facts import Fact
from souk.kernel.patterns import SKU

MAX_MOVE = 1_000_000

Sku = Annotated[str, msgspec.Meta(pattern=SKU, description="As listed")]


class NotEnoughFree(Conflict):
    """Member: `available`, what is free."""

    slug = "not-enough-free"
    title = "More is held or sold than would be left"


class KeyReused(Invalid):
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another movement of stock"


class Moved(Exception):
    """Between reading and writing, somebody else changed the stock or the hold."""


class OtherLines(Exception):
    """The order already has a hold, or the return was booked, of other lines: they never change."""


class NotSold(Exception):
    """What is said to come back was never sold to this order, so far."""


class CameBack(Exception):
    """Some of the order came back to the shop: its hold is not given back whole any more."""


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """One SKU's stock; of a SKU never received there is none, in turn 0."""

    sku: str
    received: int = 0
    available: int = 0
    turn: int = 0

    @property
    def taken(self) -> int:
        """Held for orders, or sold."""
        return self.received - self.available


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """`by` more or fewer are available, and `received` more or fewer belong to the shop."""

    seen: Stock
    by: int
    received: int = 0

    @property
    def turns(self) -> bool:
        """Whether it takes the last piece, or brings the first."""
        return (self.seen.available == 0) is not (self.seen.available + self.by == 0)

    @property
    def after(self) -> Stock:
        return replace(
            self.seen,
            received=self.seen.received + self.received,
            available=self.seen.available + self.by,
            turn=self.seen.turn + self.turns,
        )

    def facts(self) -> list[Fact]:
        if not self.turns:
            return []
        said = StockReplenished if self.by > 0 else StockDepleted
        return [said(sku=self.seen.sku, turn=self.after.turn)]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Goods came, a count was put right, or what came back is not to be sold again. Written once
    for a `key`, never changed.

    `note` is a receipt's reference or the reason; `staff` the account that did it, or none.
    """

    sku: str
    key: str
    kind: Literal["receipt", "adjustment", "write-off"]
    by: int
    note: str | None
    staff: str | None
    at: str

    def of(self, stock: Stock) -> Change:
        """Raises NotEnoughFree: what is held or sold cannot be adjusted away."""
        if stock.available + self.by < 0:
            raise NotEnoughFree(
                f"of {self.sku} only {stock.available} are free; the rest is held or sold",
                available=stock.available,
            )
        return Change(seen=stock, by=self.by, received=self.by)

    def answered(self, again: Move) -> Move:
        """What a repeated request is answered: the first one's move."""
        if (self.kind, self.by, self.note) != (again.kind, again.by, again.note):
            raise KeyReused("this Idempotency-Key was used with another body; make a new key")
        return self


class Status(Enum):
    """Where a hold stands. `lapsed` may be reserved again; `released` is final."""

    RESERVING = "reserving"
    RESERVED = "reserved"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    COMMITTED = "committed"
    RELEASING = "releasing"
    RELEASED = "released"


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What is held for one order: its first `progress` lines.

    `version` 0 was never written. A leased hold lapses at `lease_ends`; one that is being
    given back becomes `ends_as`. `journey` is the correlation id of the order. `returned` counts
    the pieces that came back after they were sold; the returns themselves are rows of their own.
    """

    order_id: str
    lines: list[WantedLine]
    journey: str
    status: Status = Status.LAPSED
    progress: int = 0
    version: int = 0
    lease_ends: str | None = None
    ends_as: Status | None = None
    shortages: list[Shortage] = []
    returned: int = 0

    def __post_init__(self) -> None:
        if len({line.sku for line in self.lines}) != len(self.lines):
            raise ValueError(f"a SKU is twice among the lines of {self.order_id}")
        if any(line.quantity < 1 for line in self.lines):
            raise ValueError(f"a line of {self.order_id} wants less than one")

    @property
    def skus(self) -> list[str]:
        return [line.sku for line in self.lines]

    def reserved(self) -> Reserved:
        """The answer to ReserveStock, once nothing is left to do."""
        match self.status:
            case Status.REJECTED:
                return Reserved(status="rejected", shortages=self.shortages)
            case Status.RELEASED:
                return Reserved(status="released")
        return Reserved(status="reserved")

    def committed(self) -> Committed:
        """The answer to CommitStock, once it was tried and the hold was not `reserved`."""
        return Committed(status="committed" if self.status is Status.COMMITTED else "lapsed")


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of one SKU that came back: to be sold again if `restock`, otherwise written off."""

    sku: str
    quantity: int
    restock: bool

    def booked(self, stock: Stock) -> Change:
        if self.restock:
            return Change(seen=stock, by=self.quantity)
        return Change(seen=stock, by=0, received=-self.quantity)

    def written_off(self, return_id: str, at: str) -> Move:
        """Its key holds a space, which no Idempotency-Key of staff's can."""
        return Move(
            sku=self.sku,
            key=f"return {return_id}",
            kind="write-off",
            by=-self.quantity,
            note=f"came back with return {return_id}, not to be sold again",
            staff=None,
            at=at,
        )


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """What came back of one order at one time: its first `progress` lines are booked.

    `version` 0 was never written.
    """

    order_id: str
    return_id: str
    lines: list[ReturnedLine]
    progress: int = 0
    version: int = 0

    def __post_init__(self) -> None:
        if len({line.sku for line in self.lines}) != len(self.lines):
            raise ValueError(f"a SKU is twice among the lines of return {self.return_id}")
        if any(line.quantity < 1 for line in self.lines):
            raise ValueError(f"a line of return {self.return_id} brings less than one")

    @property
    def skus(self) -> list[str]:
        return [line.sku for line in self.lines]

    def fits(self, hold: Hold) -> bool:
        """Whether all of it was sold to the order."""
        sold = {line.sku: line.quantity for line in hold.lines}
        is_sold = hold.status is Status.COMMITTED
        return is_sold and all(sold.get(line.sku, 0) >= line.quantity for line in self.lines)
