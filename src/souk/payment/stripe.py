"""Stripe, through its own SDK: PaymentIntents that are captured by hand, later.

Every request carries an idempotency key made of the order's id, and the intent its `order_id`.
Sources: docs.stripe.com, "Place a hold on a payment method", "Idempotent requests", "Webhooks".
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import stripe
from stripe import RequestsClient, SignatureVerificationError, StripeClient, Webhook

from souk.kernel.money import Money
from souk.payment.provider import BadSignature, NoAnswer, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stripe import PaymentIntent

TIMEOUT = 8.0
"""Seconds; a command has 30, and what timed out is asked for again."""

_STATUS: dict[str, Literal["pending", "authorized", "declined", "voided", "captured"]] = {
    "processing": "pending",
    "requires_capture": "authorized",
    "requires_payment_method": "declined",
    "requires_confirmation": "pending",
    "requires_action": "declined",  # the customer is not here to answer their bank
    "canceled": "voided",
    "succeeded": "captured",
}


class Stripe:
    def __init__(self, *, api_key: str, webhook_secret: str, api_base: str | None) -> None:
        self._webhook_secret = webhook_secret
        self._intents = StripeClient(
            api_key,
            base_addresses={"api": api_base} if api_base else {},
            http_client=RequestsClient(timeout=TIMEOUT),
            max_network_retries=0,  # the workflow asks again, and it knows when to stop
        ).v1

    def authorize(self, order_id: str, amount: Money, token: str) -> Told:
        try:
            with _answering():
                intent = self._intents.payment_intents.create(
                    {
                        "amount": amount.amount,
                        "currency": amount.currency.lower(),
                        "payment_method": token,
                        # a bank's page cannot be shown from here
                        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                        "capture_method": "manual",
                        "confirm": True,
                        "metadata": {"order_id": order_id},
                    },
                    {"idempotency_key": f"authorize-{order_id}"},
                )
        except stripe.CardError as error:
            return _declined(order_id, amount, error)
        except stripe.InvalidRequestError as error:
            if error.param != "payment_method" and error.code != "resource_missing":
                raise
            return _declined(order_id, amount, error)
        return _told(intent)

    def find(self, order_id: str, reference: str | None) -> Told | None:
        """By its reference; without one, among those begun since the order was made."""
        with _answering():
            if reference:
                return _told(self._intents.payment_intents.retrieve(reference))
            made = int(order_id.replace("-", "")[:12], 16) // 1000  # a UUIDv7 says when
            for told in self.since(made - 60):
                if told.order_id == order_id:
                    return told
        return None

    def void(self, order_id: str, reference: str) -> None:
        with _answering():
            if self._intents.payment_intents.retrieve(reference).status != "canceled":
                self._intents.payment_intents.cancel(
                    reference, options={"idempotency_key": f"void-{order_id}"}
                )

    def capture(self, order_id: str, reference: str) -> None:
        with _answering():
            if self._intents.payment_intents.retrieve(reference).status != "succeeded":
                self._intents.payment_intents.capture(
                    reference, options={"idempotency_key": f"capture-{order_id}"}
                )

    def refund(self, refund_id: str, reference: str, amount: Money) -> None:
        with _answering():
            self._intents.refunds.create(
                {"payment_intent": reference, "amount": amount.amount},
                {"idempotency_key": f"refund-{refund_id}"},
            )

    def since(self, moment: int) -> Iterator[Told]:
        """Newest first, as Stripe lists them."""
        with _answering():
            page = self._intents.payment_intents.list({"limit": 100})
            for intent in page.auto_paging_iter():
                if intent.created < moment:
                    return
                if _order_of(intent):
                    yield _told(intent)

    def order_of(self, body: str, headers: Mapping[str, str]) -> str | None:
        try:
            event: Any = Webhook.construct_event(
                body, headers.get("stripe-signature", ""), self._webhook_secret
            )
        except (SignatureVerificationError, ValueError) as error:
            raise BadSignature("the Stripe-Signature does not fit the body") from error
        return _order_of(event.data.object)


@contextmanager
def _answering() -> Iterator[None]:
    """What tells nothing about the payment is no answer."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise NoAnswer(f"Stripe did not answer: {type(error).__name__}") from error
    except stripe.APIError as error:  # 5xx
        raise NoAnswer(f"Stripe failed: {error.http_status}") from error


def _told(intent: PaymentIntent) -> Told:
    failed = intent.last_payment_error
    reason = None if failed is None else _slug(failed)
    if intent.status == "requires_action":
        reason = "authentication-required"
    return Told(
        order_id=_order_of(intent) or "",
        status=_STATUS[intent.status],
        reference=intent.id,
        amount=Money(intent.amount, intent.currency.upper()),
        reason=reason,
    )


def _declined(order_id: str, amount: Money, error: stripe.StripeError) -> Told:
    intent = getattr(error.error, "payment_intent", None)
    return Told(
        order_id=order_id,
        status="declined",
        reference=getattr(intent, "id", ""),
        amount=amount,
        reason=_slug(error.error),
    )


def _slug(error: Any) -> str:
    """Of a decline code such as `insufficient_funds`, else of the error's code."""
    code = getattr(error, "decline_code", None) or getattr(error, "code", None)
    return str(code or "card_declined").replace("_", "-")


def _order_of(about: Any) -> str | None:
    """Of anything at Stripe that may carry our metadata."""
    found: str | None = getattr(getattr(about, "metadata", None), "order_id", None)
    return found
