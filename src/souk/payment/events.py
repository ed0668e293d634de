"""Facts payment says. None holds a card, a token, or the provider's reference."""

from __future__ import annotations

from souk.kernel.facts import Fact
from souk.kernel.money import Money


class PaymentAuthorized(Fact, frozen=True, kw_only=True):
    """The order's money is set aside at the provider; nothing is taken yet."""

    order_id: str
    amount: Money


class PaymentDeclined(Fact, frozen=True, kw_only=True):
    """The provider said no; nothing is set aside. `reason` is a slug, such as `card-declined`."""

    order_id: str
    reason: str


class PaymentCaptured(Fact, frozen=True, kw_only=True):
    """The money that was set aside is the shop's."""

    order_id: str
    amount: Money


class PaymentVoided(Fact, frozen=True, kw_only=True):
    """Money that was set aside is free again; it was never taken."""

    order_id: str
    amount: Money


class PaymentRefunded(Fact, frozen=True, kw_only=True):
    """Part of the captured money is on its way back, once per `refund_id`."""

    order_id: str
    refund_id: str
    amount: Money
