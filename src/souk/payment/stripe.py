"""Stripe as the payment provider, through its SDK: PaymentIntents with manual capture.

A payment intent is created unconfirmed (`open`) and then confirmed (`authorize`). Every request
that changes something carries an idempotency key. Under the same key Stripe repeats its response
for a day, including its own failures. Therefore the keys of confirm, capture and cancel, which a
payment intent allows only once anyway, change every hour. The keys of create and refund never
change.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import stripe

from souk.payment.domain import ProviderState
from souk.payment.provider import (
    BadSignature,
    PaymentTokenRejected,
    ProviderUnavailable,
    WebhookEvent,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Literal

    from souk.kernel.money import Money
    from souk.payment.provider import AuthorizationRequest

NAME = "stripe"
SIGNATURE_HEADER = "stripe-signature"
API_URL = "https://api.stripe.com"
CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS = 1, 7
"""A command has 30 s and makes at most three calls, so the SDK does not retry."""

ResultT = TypeVar("ResultT")
_EXPAND_CHARGE: Final = ["latest_charge"]
_UNAVAILABLE = (
    stripe.APIConnectionError,
    stripe.APIError,  # 5xx, and 409 while the same request is in progress
    stripe.RateLimitError,
    stripe.IdempotencyError,  # the key was used with another request
)
_STATUSES: Mapping[
    str, Literal["open", "pending", "authorized", "declined", "voided", "captured"]
] = {
    "requires_payment_method": "declined",  # created with a method, which was then declined
    "requires_confirmation": "open",
    "requires_action": "declined",  # the storefront has no page for the customer's action
    "processing": "pending",
    "requires_capture": "authorized",
    "canceled": "voided",
    "succeeded": "captured",
}


class Stripe:
    """Implements the protocol `Provider`, which documents its errors."""

    name = NAME

    def __init__(self, api_key: str, webhook_secret: str, api_base: str | None) -> None:
        self._webhook_secret = webhook_secret
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base or API_URL},
            max_network_retries=0,
            http_client=stripe.RequestsClient(
                timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
            ),
        )

    @property
    def _intents(self) -> Any:
        return self._client.v1.payment_intents

    def open(self, request: AuthorizationRequest) -> str:
        params = {
            "amount": request.amount.amount,
            "currency": request.amount.currency.lower(),
            "capture_method": "manual",
            "payment_method": request.token,
            "payment_method_types": ["card"],
            "metadata": {"order_id": request.order_id},
        }
        key = _idempotency_key("open", request.order_id)
        try:
            intent = _call(partial(self._intents.create, params, key))
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            raise PaymentTokenRejected(_slug(error.code) or "token-rejected") from error
        return str(intent.id)

    def authorize(self, reference: str, request: AuthorizationRequest) -> ProviderState:  # noqa: ARG002  it has the token
        return self._change("confirm", reference)

    def capture(self, reference: str) -> ProviderState:
        return self._change("capture", reference)

    def void(self, reference: str) -> ProviderState:
        return self._change("cancel", reference)

    def refund(self, reference: str, refund_id: str, amount: Money) -> bool:
        """Lists the refunds first: Stripe drops a key after a day, but never a refund."""
        refunds = self._client.v1.refunds
        for refund in _pages(partial(refunds.list, {"payment_intent": reference})):
            if _metadata(refund, "refund_id") == refund_id:
                return refund.status not in ("failed", "canceled")
        params: Any = {
            "payment_intent": reference,
            "amount": amount.amount,
            "metadata": {"refund_id": refund_id},
        }
        try:
            _call(partial(refunds.create, params, _idempotency_key("refund", refund_id)))
        except (stripe.InvalidRequestError, stripe.CardError):
            return False
        return True

    def find(self, reference: str) -> ProviderState:
        return _state(_call(partial(self._intents.retrieve, reference, {"expand": _EXPAND_CHARGE})))

    def list(self, since: str, until: str) -> Iterator[ProviderState]:
        """Stripe filters by whole seconds, so adjacent windows may both list a payment."""
        window = {"gte": _unix_seconds(since), "lte": _unix_seconds(until)}
        params = {"created": window, "limit": 100, "expand": ["data.latest_charge"]}
        for intent in _pages(partial(self._intents.list, params)):
            if _metadata(intent, "order_id"):
                yield _state(intent)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent | None:
        """Accepts events about payment intents and charges; the latter report refunds, disputes."""
        try:
            event = self._client.construct_event(
                body, headers.get(SIGNATURE_HEADER, ""), self._webhook_secret
            )
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise BadSignature(
                "The webhook is not signed with the webhook secret of this shop."
            ) from error
        resource: Any = event.data.object
        if resource.object == "payment_intent" and (order_id := _metadata(resource, "order_id")):
            return WebhookEvent(resource.id, order_id)
        if resource.object == "charge" and resource.payment_intent:
            state = self.find(str(resource.payment_intent))
            return WebhookEvent(state.reference, state.order_id)
        return None

    def _change(self, method: str, reference: str) -> ProviderState:
        hour = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%d%H")
        key = _idempotency_key(method, reference, hour)
        change = getattr(self._intents, method)
        try:
            intent = _call(partial(change, reference, {"expand": _EXPAND_CHARGE}, key))
        except (stripe.CardError, stripe.InvalidRequestError):
            return self.find(reference)  # declined, or not allowed in the current state
        if "idempotent-replayed" in intent.last_response.headers:
            return self.find(reference)  # the repeated response may be outdated
        return _state(intent)


def _call(call: Callable[[], ResultT]) -> ResultT:
    try:
        return call()
    except _UNAVAILABLE as error:
        raise ProviderUnavailable(type(error).__name__) from error


def _pages(call: Callable[[], Any]) -> Iterator[Any]:
    """All objects of a list, fetched page by page."""
    objects = _call(call).auto_paging_iter()
    while (each := _call(partial(next, objects, None))) is not None:
        yield each


def _idempotency_key(*parts: str) -> Any:
    return {"idempotency_key": "-".join(("souk", *parts))}


def _state(intent: Any) -> ProviderState:
    """The charge of a canceled intent shows whether it had been authorized."""
    status = _STATUSES[intent.status]
    charge = intent.latest_charge
    has_charge = status in ("authorized", "captured", "voided") and charge is not None
    captured = getattr(intent, "amount_received", intent.amount) if status == "captured" else 0
    return ProviderState(
        reference=intent.id,
        order_id=_metadata(intent, "order_id") or "",
        status=status,
        authorized=intent.amount if has_charge and charge.status == "succeeded" else 0,
        captured=captured,
        refunded=charge.amount_refunded if captured else 0,
        reason=_decline_reason(intent) if status == "declined" else None,
    )


def _metadata(resource: Any, name: str) -> str | None:
    """A value that the shop stored in the metadata; None for an object of another origin."""
    return getattr(resource.metadata, name, None) if resource.metadata else None


def _decline_reason(intent: Any) -> str:
    if intent.status == "requires_action":
        return "authentication-required"
    error = getattr(intent, "last_payment_error", None)
    code = getattr(error, "decline_code", None) or getattr(error, "code", None)
    return _slug(code) or "card-declined"


def _slug(code: str | None) -> str:
    return (code or "").replace("_", "-")


def _unix_seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
