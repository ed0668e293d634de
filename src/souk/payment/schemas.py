"""Response bodies of payment's routes."""

from __future__ import annotations

import msgspec


class PaymentWebhookResponse(msgspec.Struct, frozen=True):
    """`known` is false when the webhook is not about a payment of this shop."""

    known: bool
