"""What ordering's own checkout workflow asks it: how an order stands, and to change that."""

from __future__ import annotations

from typing import Literal

import msgspec

from souk.kernel.commands import Command
from souk.kernel.money import Money


class BeginCheckout(Command, frozen=True, kw_only=True):
    """Tell what is to be reserved and paid.

    Raises OrderRefused when the order is being undone, OrderDecided when all is done.
    """

    order_id: str


class ConfirmOrder(Command, frozen=True, kw_only=True):
    """Confirm the order: its money is set aside, and its stock, if `stock` says `committed`.

    Raises OrderRefused when somebody refused it first, StockLapsed.
    """

    order_id: str
    stock: Literal["committed", "lapsed"]


class RefuseOrder(Command, frozen=True, kw_only=True):
    """Decide that the order will not be; from now on everything done for it may be undone."""

    order_id: str
    reason: str
    detail: str | None = None
    skus: tuple[str, ...] = ()


class RejectOrder(Command, frozen=True, kw_only=True):
    """All is undone: reject the order."""

    order_id: str


class Item(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    quantity: int


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    lines: list[Item]
    amount: Money
    payment_token: str


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """How the order stands afterwards. Refusing one that was confirmed leaves it as it is."""

    status: Literal["confirmed", "rejecting", "rejected", "cancelled", "dispatched", "delivered"]
