"""What ordering can be asked to do by its own checkout workflow."""

from __future__ import annotations

from typing import Literal

import msgspec

from souk.kernel.commands import Command
from souk.kernel.money import Money

Reason = Literal["out-of-stock", "payment-declined", "payment-unresolved", "reservation-lapsed"]
"""Why an order is not to be."""


class BeginCheckout(Command, frozen=True, kw_only=True):
    """Say how the order stands, so that the work goes on from there."""

    order_id: str


class ConfirmOrder(Command, frozen=True, kw_only=True):
    """Stock is committed and payment authorised: the order is to be, unless it was refused."""

    order_id: str


class RefuseOrder(Command, frozen=True, kw_only=True):
    """The order is not to be, unless it was confirmed; only after this anything is undone."""

    order_id: str
    reason: Reason
    detail: str | None = None
    skus: list[str] = msgspec.field(default_factory=list)


class RejectOrder(Command, frozen=True, kw_only=True):
    """All is undone."""

    order_id: str


class WantedLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    quantity: int


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps that follow need; no lines where nothing is to be reserved any more."""

    status: Literal["placed", "rejecting", "concluded"]
    lines: list[WantedLine]
    amount: Money
    payment_token: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the order stands now, which need not be as asked: a status as the API shows it."""

    status: str
