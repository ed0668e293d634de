"""Facts payment says."""

from __future__ import annotations

from souk.kernel.facts import Fact
from souk.kernel.money import Money


class PaymentAuthorized(Fact, frozen=True, kw_only=True):
    """The order's total is set aside for us at the provider; nothing is taken yet."""

    order_id: str
    amount: Money


class PaymentDeclined(Fact, frozen=True, kw_only=True):
    """The provider will not set the order's total aside; `reason` is a slug."""

    order_id: str
    reason: str


class PaymentVoided(Fact, frozen=True, kw_only=True):
    """What was set aside for the order is let go; it can never be taken."""

    order_id: str
    amount: Money


class PaymentCaptured(Fact, frozen=True, kw_only=True):
    """The order's total is taken."""

    order_id: str
    amount: Money


class PaymentRefunded(Fact, frozen=True, kw_only=True):
    """Part of what was taken is given back, for one refund."""

    order_id: str
    refund_id: str
    amount: Money
