"""Payment's commands, invoked by the checkout workflow and by delivery. Each may raise Busy."""

from __future__ import annotations

from typing import Literal

import msgspec

from souk.kernel.commands import Command
from souk.kernel.money import Money


class AuthorizePayment(Command, frozen=True, kw_only=True):
    """Authorize the amount at the provider, once per order.

    Raises PaymentPending while the provider needs time, and PaymentUnknown when it did not
    respond. In both cases repeat the command; the amount is never authorized twice.
    """

    order_id: str
    amount: Money
    payment_token: str


class VoidPayment(Command, frozen=True, kw_only=True):
    """Void the order's payment, for good: it is never authorized afterwards.

    Raises PaymentPending, PaymentUnknown, and AlreadyCaptured.
    """

    order_id: str


class CapturePayment(Command, frozen=True, kw_only=True):
    """Capture the authorized amount, once. Raises PaymentUnknown."""

    order_id: str


class RefundPayment(Command, frozen=True, kw_only=True):
    """Refund part of the captured amount, once per `refund_id`. Raises PaymentUnknown.

    All refunds together never exceed the captured amount.
    """

    order_id: str
    refund_id: str
    amount: Money


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """Result of AuthorizePayment. `reason` is why it was declined, a slug such as
    `card-declined`."""

    status: Literal["authorized", "declined", "voided"]
    reason: str | None = None


class Voided(msgspec.Struct, frozen=True, kw_only=True):
    """Result of VoidPayment."""

    status: Literal["voided"] = "voided"


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """Result of CapturePayment. `voided`: the authorization was voided, so nothing was captured.

    `reason` is why the capture failed, a slug."""

    status: Literal["captured", "voided", "failed"]
    reason: str | None = None


class Refunded(msgspec.Struct, frozen=True, kw_only=True):
    """Result of RefundPayment. `reason` is why the refund was rejected, a slug."""

    status: Literal["refunded", "rejected"]
    reason: str | None = None
