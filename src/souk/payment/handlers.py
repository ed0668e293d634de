"""Payment's routes, and what it does when it is asked."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Literal

import msgspec

from souk.edges.routes import Access, Call, Routes
from souk.kernel import aws
from souk.kernel.clock import now, stamp
from souk.kernel.commands import Does
from souk.kernel.errors import Busy, NotFound
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.payment import usecases
from souk.payment.commands import (
    Authorization,
    AuthorizePayment,
    Captured,
    CapturePayment,
    Refunded,
    RefundPayment,
    Voided,
    VoidPayment,
)
from souk.payment.domain import PaymentUnknown
from souk.payment.provider import BadSignature, Provider
from souk.payment.sandbox import Sandbox
from souk.payment.store import PaymentStore

ROUTES = Routes()
STILL_AT_WORK = timedelta(minutes=2)
"""A younger payment is still the workflow's."""

LOOK_BACK = timedelta(days=1)


class PaymentSettings(Settings, frozen=True, kw_only=True):
    table_name: str
    payment_provider: Literal["sandbox", "stripe"]
    provider_secret_arn: str


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """What Secrets Manager holds of the provider. `api_base` only for one that is not Stripe's."""

    webhook_secret: str
    api_key: str = ""
    api_base: str | None = None


class BooksDiffer(Exception):
    """Provider and ledger disagree, and a person has to look why."""


@cache
def settings() -> PaymentSettings:
    return load(PaymentSettings)


@cache
def ledger() -> PaymentStore:
    return PaymentStore(settings().table_name)


@cache
def provider() -> Provider:
    answer = aws.secretsmanager().get_secret_value(SecretId=settings().provider_secret_arn)
    secret = msgspec.json.decode(answer["SecretString"], type=Secret)
    if settings().payment_provider == "sandbox":
        return Sandbox(settings().table_name, webhook_secret=secret.webhook_secret, webhook=_settle)
    from souk.payment.stripe import Stripe  # its SDK would slow down every start

    return Stripe(
        api_key=secret.api_key, webhook_secret=secret.webhook_secret, api_base=secret.api_base
    )


@ROUTES.add(
    "POST",
    "/payments/webhooks/{provider}",
    Access.PUBLIC,
    answer=None,
    status=204,
    refusals=(BadSignature, NotFound, Busy),
)
def hear(call: Call) -> None:
    """Hear from the payment provider that something happened; what it is, it is asked."""
    if call.path["provider"] != settings().payment_provider:
        raise NotFound("this shop has another payment provider")
    order_id = provider().order_of(call.raw, call.headers)
    if order_id is None:
        return
    try:
        _settle(order_id)
    except PaymentUnknown as error:
        raise Busy("the provider does not answer; please tell it again") from error


def _settle(order_id: str) -> object:
    return usecases.settle(order_id, ledger=ledger(), provider=provider())


def _authorize(wish: AuthorizePayment) -> Authorization:
    return usecases.authorize(
        wish.order_id, wish.amount, wish.payment_token, ledger=ledger(), provider=provider()
    )


def _void(wish: VoidPayment) -> Voided:
    return usecases.void(wish.order_id, ledger=ledger(), provider=provider())


def _capture(wish: CapturePayment) -> Captured:
    return usecases.capture(wish.order_id, ledger=ledger(), provider=provider())


def _refund(wish: RefundPayment) -> Refunded:
    return usecases.refund(
        wish.order_id, wish.refund_id, wish.amount, ledger=ledger(), provider=provider()
    )


DOES: Does = {
    AuthorizePayment: _authorize,
    VoidPayment: _void,
    CapturePayment: _capture,
    RefundPayment: _refund,
}


def reconcile() -> None:
    """Ask about what is undecided, then compare the provider's list with the ledger.

    Raises BooksDiffer, so that an alarm calls a person; the log names each order.
    """
    for order_id in ledger().left_open(stamp(now() - STILL_AT_WORK)):
        try:
            _settle(order_id)
        except PaymentUnknown:
            logger.warning("the provider does not answer", order_id=order_id)
    since = int((now() - LOOK_BACK).timestamp())
    wrong = 0
    for order_id, why in usecases.differences(since, ledger=ledger(), provider=provider()):
        logger.error("provider and ledger disagree", order_id=order_id, why=why)
        wrong += 1
    if wrong:
        raise BooksDiffer(f"provider and ledger disagree on {wrong} payments of the last day")
