"""Commands that the checkout workflow sends to ordering.

Each raises NotFound for an unknown order. Those that write raise Busy.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from souk.kernel.commands import Command
from souk.kernel.money import Money


class StartCheckout(Command, frozen=True, kw_only=True):
    """Return what to reserve and to authorize: `CheckoutDetails`.

    Raises RejectionStarted while the order is being rejected, CheckoutFinished once it was
    confirmed or rejected.
    """

    order_id: str


class ConfirmOrder(Command, frozen=True, kw_only=True):
    """Confirm the order after its payment was authorized; `hold_status` is that of its stock.

    Raises RejectionStarted when the rejection of the order came first, HoldExpired when
    `hold_status` is `expired`.
    """

    order_id: str
    hold_status: Literal["committed", "expired"]


class StartRejection(Command, frozen=True, kw_only=True):
    """Start the rejection of the order. From then on its payment and stock may be released.

    An order that is confirmed keeps its status.
    """

    order_id: str
    reason: str
    detail: str | None = None
    skus: tuple[str, ...] = ()


class RejectOrder(Command, frozen=True, kw_only=True):
    """Reject the order after its payment and stock were released."""

    order_id: str


class StockLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    quantity: int


class CheckoutDetails(msgspec.Struct, frozen=True, kw_only=True):
    lines: list[StockLine]
    amount: Money
    payment_token: str


class OrderOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The order's status after a command."""

    status: Literal["confirmed", "rejecting", "rejected", "cancelled", "dispatched", "delivered"]
