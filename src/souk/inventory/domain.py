"""Stock and its movements, the holds of orders, and returned items.

For each SKU, received = available + reserved + sold. The first `progress` lines of a hold are
allocated: they were subtracted from `available` and count as reserved, or as sold once the hold is
committed. A returned item is no longer sold. It is available again, or written off, which also
subtracts it from `received`.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

import msgspec
from msgspec.structs import replace

from souk.inventory.commands import Committed, Reserved, Shortage, StockLine
from souk.inventory.events import StockDepleted, StockReplenished
from souk.kernel.errors import Conflict, IdempotencyKeyReused
from souk.kernel.events import Event
from souk.kernel.patterns import SKU

MAX_MOVEMENT_QUANTITY = 1_000_000

Sku = Annotated[str, msgspec.Meta(pattern=SKU, description="As in the catalog")]


class InsufficientStock(Conflict):
    """Reserved or sold stock cannot be removed. Member: `available`, the available quantity."""

    slug = "insufficient-stock"
    title = "Insufficient stock"


class LinesMismatch(Exception):
    """The order already has a hold, or the return a booking, with other lines."""


class NotSold(Exception):
    """The returned items were not sold to this order, or not yet."""


class AlreadyReturned(Exception):
    """Items of the order were returned, so its hold cannot be released as a whole."""


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """The stock of one SKU. A SKU that was never received has version 0 and no row."""

    sku: str
    received: int = 0
    available: int = 0
    availability_version: int = 0

    @property
    def allocated(self) -> int:
        """The quantity reserved or sold."""
        return self.received - self.available


class StockChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one SKU's stock by signed quantities. `before` is the stock as it was read."""

    before: Stock
    available_delta: int
    received_delta: int = 0

    @property
    def changes_availability(self) -> bool:
        """Whether the SKU becomes unavailable, or becomes available again."""
        was_depleted = self.before.available == 0
        is_depleted = self.before.available + self.available_delta == 0
        return was_depleted is not is_depleted

    @property
    def after(self) -> Stock:
        return replace(
            self.before,
            received=self.before.received + self.received_delta,
            available=self.before.available + self.available_delta,
            availability_version=self.before.availability_version + self.changes_availability,
        )

    def events(self) -> list[Event]:
        if not self.changes_availability:
            return []
        event = StockReplenished if self.available_delta > 0 else StockDepleted
        return [event(sku=self.before.sku, availability_version=self.after.availability_version)]


class StockMovement(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt, a correction after a count, or the write-off of returned items.

    Written once per `key` and never changed. `quantity` is signed. `note` is the reference of a
    receipt or the reason of an adjustment; `staff` is the account that recorded it, None for a
    write-off.
    """

    sku: str
    key: str
    type: Literal["receipt", "adjustment", "write-off"]
    quantity: int
    note: str | None
    staff: str | None
    at: str

    def change_of(self, stock: Stock) -> StockChange:
        """The change that this movement makes to `stock`. Raises InsufficientStock."""
        if stock.available + self.quantity < 0:
            raise InsufficientStock(
                f"Only {stock.available} of {self.sku} are available. "
                "Reserved and sold stock cannot be removed.",
                available=stock.available,
            )
        return StockChange(
            before=stock, available_delta=self.quantity, received_delta=self.quantity
        )

    def confirm_repeat(self, repeated: StockMovement) -> StockMovement:
        """The recorded movement, as the result of a repeated request.

        Raises IdempotencyKeyReused when the repeated request asks for another movement.
        """
        if (self.type, self.quantity, self.note) != (
            repeated.type,
            repeated.quantity,
            repeated.note,
        ):
            raise IdempotencyKeyReused(
                "This Idempotency-Key was used with another request body. Send a new key."
            )
        return self


class HoldStatus(Enum):
    """Status of a hold. An `expired` hold may be reserved again; `released` is final."""

    RESERVING = "reserving"
    RESERVED = "reserved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    COMMITTED = "committed"
    RELEASING = "releasing"
    RELEASED = "released"


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """The stock held for one order. The first `progress` lines are allocated.

    Version 0 is not stored yet. A hold with a lease expires at `lease_expires_at` (UTC). A hold
    that is `releasing` gets the status `status_after_release` when all its lines are released.
    `returned` is the quantity that was returned after the sale; each return has a row of its own.
    `correlation_id` is that of the order.
    """

    order_id: str
    lines: list[StockLine]
    correlation_id: str
    status: HoldStatus = HoldStatus.EXPIRED
    progress: int = 0
    version: int = 0
    lease_expires_at: str | None = None
    status_after_release: HoldStatus | None = None
    shortages: list[Shortage] = []
    returned: int = 0

    def __post_init__(self) -> None:
        if len({line.sku for line in self.lines}) != len(self.lines):
            raise ValueError(f"order {self.order_id} has two lines with the same SKU")
        if any(line.quantity < 1 for line in self.lines):
            raise ValueError(f"order {self.order_id} has a line with a quantity below 1")

    @property
    def skus(self) -> list[str]:
        return [line.sku for line in self.lines]

    def reserve_result(self) -> Reserved:
        """The result of ReserveStock, when no step remains."""
        match self.status:
            case HoldStatus.REJECTED:
                return Reserved(status="rejected", shortages=self.shortages)
            case HoldStatus.RELEASED:
                return Reserved(status="released")
        return Reserved(status="reserved")

    def commit_result(self) -> Committed:
        """The result of CommitStock, when the hold is not `reserved`."""
        is_committed = self.status is HoldStatus.COMMITTED
        return Committed(status="committed" if is_committed else "expired")


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Returned items of one SKU: available again if `restock`, otherwise written off."""

    sku: str
    quantity: int
    restock: bool

    def change_of(self, stock: Stock) -> StockChange:
        """The change that booking this line makes to `stock`."""
        if self.restock:
            return StockChange(before=stock, available_delta=self.quantity)
        return StockChange(before=stock, available_delta=0, received_delta=-self.quantity)

    def write_off(self, return_id: str, at: str) -> StockMovement:
        """The movement that writes this line off.

        Its key contains a space. An Idempotency-Key cannot, so the two never collide.
        """
        return StockMovement(
            sku=self.sku,
            key=f"return {return_id}",
            type="write-off",
            quantity=-self.quantity,
            note=f"returned with return {return_id}, not restocked",
            staff=None,
            at=at,
        )


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """The items that one accepted return brought back. The first `progress` lines are booked.

    Version 0 is not stored yet.
    """

    order_id: str
    return_id: str
    lines: list[ReturnedLine]
    progress: int = 0
    version: int = 0

    def __post_init__(self) -> None:
        if len({line.sku for line in self.lines}) != len(self.lines):
            raise ValueError(f"return {self.return_id} has two lines with the same SKU")
        if any(line.quantity < 1 for line in self.lines):
            raise ValueError(f"return {self.return_id} has a line with a quantity below 1")

    @property
    def skus(self) -> list[str]:
        return [line.sku for line in self.lines]

    def is_covered_by(self, hold: Hold) -> bool:
        """Whether the hold is committed and sold at least these quantities."""
        sold = {line.sku: line.quantity for line in hold.lines}
        is_sold = hold.status is HoldStatus.COMMITTED
        return is_sold and all(sold.get(line.sku, 0) >= line.quantity for line in self.lines)
