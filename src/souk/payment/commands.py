"""What payment can be asked to do: by the checkout workflow, later by delivery."""

from __future__ import annotations

from typing import Literal

import msgspec

from souk.kernel.commands import Command
from souk.kernel.money import Money


class AuthorizePayment(Command, frozen=True, kw_only=True):
    """Set the money aside at the provider, once per order.

    Raises PaymentPending while the provider needs time, PaymentUnknown when it did not
    answer; both mean: ask again later, it is never authorised twice.
    """

    order_id: str
    amount: Money
    payment_token: str


class VoidPayment(Command, frozen=True, kw_only=True):
    """Let go of whatever is set aside for the order, for good: it is never authorised again."""

    order_id: str


class CapturePayment(Command, frozen=True, kw_only=True):
    """Take the money that is set aside."""

    order_id: str


class RefundPayment(Command, frozen=True, kw_only=True):
    """Give back part of what was captured, once per `refund_id`, never more than captured."""

    order_id: str
    refund_id: str
    amount: Money


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` says why it was declined, as a slug the customer's page can put into words."""

    status: Literal["authorized", "declined", "voided"]
    reason: str | None = None


class Voided(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["voided"] = "voided"


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["captured", "voided", "failed"]
    reason: str | None = None


class Refunded(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["refunded", "refused"]
    reason: str | None = None
