"""Stripe as the payment provider, through its own SDK: PaymentIntents with manual capture.

A payment intent is created unconfirmed (`open`) and then confirmed (`authorize`). Every request
that changes something carries an idempotency key of ours. Stripe also keeps a failure of its own
under the key and says it again for a day, so the keys of what a payment intent can undergo only
once (confirm, capture, cancel) change with the hour; those of creating and refunding never do.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import stripe

from souk.payment.domain import Standing
from souk.payment.provider import BadSignature, NoAnswer, Notice, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Literal

    from souk.kernel.money import Money
    from souk.payment.provider import Wish

NAME = "stripe"
SIGNATURE = "stripe-signature"
API = "https://api.stripe.com"
CONNECT_SECONDS, READ_SECONDS = 1, 7
"""At most three calls are made for a command, which has 30 s: no retries of the SDK's own."""

AnswerT = TypeVar("AnswerT")
_CHARGE: Final = ["latest_charge"]
_SILENT = (
    stripe.APIConnectionError,
    stripe.APIError,  # 5xx, and 409 while the same request is still being worked on
    stripe.RateLimitError,
    stripe.IdempotencyError,  # another wish came first under the same key
)
_STATUS: Mapping[
    str, Literal["open", "pending", "authorized", "declined", "voided", "captured"]
] = {
    "requires_payment_method": "declined",  # it was created with one, which was then refused
    "requires_confirmation": "open",
    "requires_action": "declined",  # there is no page on which the customer could act
    "processing": "pending",
    "requires_capture": "authorized",
    "canceled": "voided",
    "succeeded": "captured",
}


class Stripe:
    name = NAME

    def __init__(self, api_key: str, webhook_secret: str, api_base: str | None) -> None:
        self._webhook_secret = webhook_secret
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base or API},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
        )

    @property
    def _intents(self) -> Any:
        return self._client.v1.payment_intents

    def open(self, wish: Wish) -> str:
        params = {
            "amount": wish.amount.amount,
            "currency": wish.amount.currency.lower(),
            "capture_method": "manual",
            "payment_method": wish.token,
            "payment_method_types": ["card"],
            "metadata": {"order_id": wish.order_id},
        }
        try:
            made = _asked(partial(self._intents.create, params, _key("open", wish.order_id)))
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            raise TokenRefused(_slug(error.code) or "token-refused") from error
        return str(made.id)

    def authorize(self, reference: str, wish: Wish) -> Standing:  # noqa: ARG002  it has the token
        return self._change("confirm", reference)

    def capture(self, reference: str) -> Standing:
        return self._change("capture", reference)

    def void(self, reference: str) -> Standing:
        return self._change("cancel", reference)

    def refund(self, reference: str, refund_id: str, amount: Money) -> bool:
        """Looks first: Stripe forgets a key after a day, a refund it never forgets."""
        for each in _pages(partial(self._client.v1.refunds.list, {"payment_intent": reference})):
            if _note(each, "refund_id") == refund_id:
                return each.status not in ("failed", "canceled")
        params: Any = {
            "payment_intent": reference,
            "amount": amount.amount,
            "metadata": {"refund_id": refund_id},
        }
        try:
            _asked(partial(self._client.v1.refunds.create, params, _key("refund", refund_id)))
        except (stripe.InvalidRequestError, stripe.CardError):
            return False
        return True

    def find(self, reference: str) -> Standing:
        return _standing(_asked(partial(self._intents.retrieve, reference, {"expand": _CHARGE})))

    def list(self, since: str, until: str) -> Iterator[Standing]:
        """Stripe's time has seconds: of both ends, payments may be listed twice."""
        window = {"gte": _seconds(since), "lte": _seconds(until)}
        params = {"created": window, "limit": 100, "expand": ["data.latest_charge"]}
        for intent in _pages(partial(self._intents.list, params)):
            if _note(intent, "order_id"):
                yield _standing(intent)

    def read_notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | None:
        """Of payment intents, and of charges: these tell of refunds and disputes."""
        try:
            event = self._client.construct_event(
                body, headers.get(SIGNATURE, ""), self._webhook_secret
            )
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise BadSignature("the notice is not signed with the shop's secret") from error
        thing: Any = event.data.object
        if thing.object == "payment_intent" and (order_id := _note(thing, "order_id")):
            return Notice(thing.id, order_id)
        if thing.object == "charge" and thing.payment_intent:
            known = self.find(str(thing.payment_intent))
            return Notice(known.reference, known.order_id)
        return None

    def _change(self, verb: str, reference: str) -> Standing:
        act = getattr(self._intents, verb)
        hour = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%d%H")
        ask = partial(act, reference, {"expand": _CHARGE}, _key(verb, reference, hour))
        try:
            intent = _asked(ask)
        except (stripe.CardError, stripe.InvalidRequestError):
            return self.find(reference)  # a no, or not in a state for it: the books tell which
        if "idempotent-replayed" in intent.last_response.headers:
            return self.find(reference)  # what was answered then may not be so any more
        return _standing(intent)


def _asked(ask: Callable[[], AnswerT]) -> AnswerT:
    try:
        return ask()
    except _SILENT as error:
        raise NoAnswer(type(error).__name__) from error


def _pages(ask: Callable[[], Any]) -> Iterator[Any]:
    left = _asked(ask).auto_paging_iter()
    while (each := _asked(partial(next, left, None))) is not None:
        yield each


def _key(*parts: str) -> Any:
    return {"idempotency_key": "-".join(("souk", *parts))}


def _standing(intent: Any) -> Standing:
    """A cancelled intent's charge tells whether anything had been set aside."""
    status = _STATUS[intent.status]
    charge = intent.latest_charge
    was_set_aside = status in ("authorized", "captured", "voided") and charge is not None
    captured = getattr(intent, "amount_received", intent.amount) if status == "captured" else 0
    return Standing(
        reference=intent.id,
        order_id=_note(intent, "order_id") or "",
        status=status,
        authorized=intent.amount if was_set_aside and charge.status == "succeeded" else 0,
        captured=captured,
        refunded=charge.amount_refunded if captured else 0,
        reason=_reason(intent) if status == "declined" else None,
    )


def _note(thing: Any, name: str) -> str | None:
    """What we wrote on it; None for what is not ours."""
    return getattr(thing.metadata, name, None) if thing.metadata else None


def _reason(intent: Any) -> str:
    if intent.status == "requires_action":
        return "authentication-required"
    error = getattr(intent, "last_payment_error", None)
    code = getattr(error, "decline_code", None) or getattr(error, "code", None)
    return _slug(code) or "card-declined"


def _slug(code: str | None) -> str:
    return (code or "").replace("_", "-")


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
