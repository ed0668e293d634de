"""Events that payment publishes. None contains a card number, a token or the provider's reference.
Amounts are in minor units."""

from __future__ import annotations

from souk.kernel.events import Event
from souk.kernel.money import Money


class PaymentAuthorized(Event, frozen=True, kw_only=True):
    """The provider authorized the order's total. Nothing is captured yet."""

    order_id: str
    amount: Money


class PaymentDeclined(Event, frozen=True, kw_only=True):
    """The provider declined the payment; nothing is authorized. `reason` is a slug, such as
    `card-declined`."""

    order_id: str
    reason: str


class PaymentCaptured(Event, frozen=True, kw_only=True):
    """The authorized amount was captured."""

    order_id: str
    amount: Money


class PaymentVoided(Event, frozen=True, kw_only=True):
    """The authorization was voided. The amount was never captured."""

    order_id: str
    amount: Money


class PaymentRefunded(Event, frozen=True, kw_only=True):
    """Part of the captured amount is being refunded, once per `refund_id`."""

    order_id: str
    refund_id: str
    amount: Money
