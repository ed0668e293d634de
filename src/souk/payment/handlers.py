"""What payment answers and hears: commands, the provider's notices, facts, and the clock."""

from __future__ import annotations

import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from souk.edges.routes import Access, Call, Routes
from souk.kernel import aws
from souk.kernel.errors import NotFound
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.ordering.events import OrderCancelled, ReturnAccepted
from souk.payment import undoing, usecases
from souk.payment.commands import AuthorizePayment, CapturePayment, RefundPayment, VoidPayment
from souk.payment.domain import PaymentUnknown
from souk.payment.provider import BadSignature, ProviderSilent
from souk.payment.sandbox import Sandbox
from souk.payment.store import PaymentStore
from souk.payment.wire import NoticeTaken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from souk.kernel.commands import Does
    from souk.kernel.facts import Hears
    from souk.payment.provider import Provider

ROUTES = Routes()
KEPT_SECONDS = 300


class PaymentSettings(Settings, frozen=True, kw_only=True):
    table_name: str
    payment_provider: Literal["sandbox", "stripe"]
    payment_secret: str


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """What Secrets Manager keeps for the provider; `api_base` where it is not the usual one."""

    webhook_secret: str
    api_key: str = ""
    api_base: str | None = None


@cache
def settings() -> PaymentSettings:
    return load(PaymentSettings)


def secret() -> Secret:
    """At most some minutes old, so that a person can change it while the shop runs."""
    return _secret(int(time.monotonic() / KEPT_SECONDS))


@lru_cache(maxsize=1)
def _secret(_when: int) -> Secret:
    kept = aws.secretsmanager().get_secret_value(SecretId=settings().payment_secret)
    return msgspec.json.decode(kept["SecretString"], type=Secret)


@cache
def payments() -> PaymentStore:
    return PaymentStore(settings().table_name)


def provider() -> Provider:
    """The stage's."""
    return _stripe(secret()) if settings().payment_provider == "stripe" else _sandbox()


@lru_cache(maxsize=1)
def _stripe(known: Secret) -> Provider:
    from souk.payment.stripe import Stripe  # takes its time to load, and only here is it needed

    return Stripe(known.api_key, known.webhook_secret, known.api_base)


@cache
def _sandbox() -> Provider:
    return Sandbox(settings().table_name, lambda: secret().webhook_secret, tell=_take)


@ROUTES.add(
    "POST",
    "/payments/webhooks/{provider}",
    Access.PUBLIC,
    answer=NoticeTaken,
    refusals=(BadSignature, NotFound, ProviderSilent),
)
def take_notice(call: Call) -> NoticeTaken:
    """Take a payment provider's signed word that a payment of its has changed."""
    if call.path["provider"] != settings().payment_provider:
        raise NotFound("this shop has no such payment provider")
    return NoticeTaken(_take(call.body, call.headers))


def _take(body: bytes, headers: Mapping[str, str]) -> bool:
    notice = provider().read_notice(body, headers)
    if notice is None:
        return False
    try:
        known = usecases.hear_notice(notice, payments=payments(), provider=provider())
    except PaymentUnknown as error:
        raise ProviderSilent("the provider does not answer; send the notice again") from error
    if not known:
        logger.warning("a notice about no payment of ours", order_id=notice.order_id)
    return known


def _authorize(asked: AuthorizePayment) -> msgspec.Struct:
    return usecases.authorize(asked, payments=payments(), provider=provider())


def _void(asked: VoidPayment) -> msgspec.Struct:
    return usecases.void(asked, payments=payments(), provider=provider())


def _capture(asked: CapturePayment) -> msgspec.Struct:
    return usecases.capture(asked, payments=payments(), provider=provider())


def _refund(asked: RefundPayment) -> msgspec.Struct:
    return usecases.refund(asked, payments=payments(), provider=provider())


DOES: Does = {
    AuthorizePayment: _authorize,
    VoidPayment: _void,
    CapturePayment: _capture,
    RefundPayment: _refund,
}


def _order_cancelled(fact: OrderCancelled) -> None:
    undoing.undo_cancelled(fact.order_id, payments=payments(), provider=provider())


def _return_accepted(fact: ReturnAccepted) -> None:
    undoing.undo_returned(
        fact.order_id, fact.return_id, fact.refund, payments=payments(), provider=provider()
    )


HEARS: Hears = {OrderCancelled: _order_cancelled, ReturnAccepted: _return_accepted}
