"""Payment's commands, event subscriptions and webhook route, and the provider they use."""

from __future__ import annotations

import time
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

from souk.kernel import aws
from souk.kernel.errors import NotFound
from souk.kernel.logs import logger
from souk.kernel.settings import Settings, load
from souk.ordering.events import OrderCancelled, ReturnAccepted
from souk.payment import compensation, usecases
from souk.payment.commands import AuthorizePayment, CapturePayment, RefundPayment, VoidPayment
from souk.payment.domain import PaymentUnknown
from souk.payment.provider import BadSignature, ProviderNotResponding
from souk.payment.sandbox import Sandbox
from souk.payment.schemas import PaymentWebhookResponse
from souk.payment.store import PaymentStore
from souk.runtime.routes import Access, Request, Routes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from souk.kernel.commands import Commands
    from souk.kernel.events import Subscriptions
    from souk.payment.provider import Provider

ROUTES = Routes()
SECRET_CACHE_SECONDS = 300


class PaymentSettings(Settings, frozen=True, kw_only=True):
    table_name: str
    payment_provider: Literal["sandbox", "stripe"]
    payment_secret: str


class ProviderSecret(msgspec.Struct, frozen=True, kw_only=True):
    """The secret in Secrets Manager. `api_base` replaces the provider's own address."""

    webhook_secret: str
    api_key: str = ""
    api_base: str | None = None


@cache
def settings() -> PaymentSettings:
    return load(PaymentSettings)


def secret() -> ProviderSecret:
    """Cached for SECRET_CACHE_SECONDS, so that a running shop picks up a changed secret."""
    return _load_secret(int(time.monotonic() / SECRET_CACHE_SECONDS))


@lru_cache(maxsize=1)
def _load_secret(_period: int) -> ProviderSecret:
    response = aws.secretsmanager().get_secret_value(SecretId=settings().payment_secret)
    return msgspec.json.decode(response["SecretString"], type=ProviderSecret)


@cache
def payments() -> PaymentStore:
    return PaymentStore(settings().table_name)


def provider() -> Provider:
    """The provider of this stage."""
    return _stripe(secret()) if settings().payment_provider == "stripe" else _sandbox()


@lru_cache(maxsize=1)
def _stripe(credentials: ProviderSecret) -> Provider:
    from souk.payment.stripe import Stripe  # slow to import, and only needed here

    return Stripe(credentials.api_key, credentials.webhook_secret, credentials.api_base)


@cache
def _sandbox() -> Provider:
    return Sandbox(
        settings().table_name, lambda: secret().webhook_secret, send_webhook=_handle_webhook
    )


@ROUTES.add(
    "POST",
    "/payments/webhooks/{provider}",
    Access.PUBLIC,
    response=PaymentWebhookResponse,
    errors=(BadSignature, NotFound, ProviderNotResponding),
)
def receive_payment_webhook(request: Request) -> PaymentWebhookResponse:
    """Receive a signed webhook of the payment provider."""
    if request.path["provider"] != settings().payment_provider:
        raise NotFound("This shop does not use this payment provider.")
    return PaymentWebhookResponse(_handle_webhook(request.body, request.headers))


def _handle_webhook(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the webhook is about a payment of this shop."""
    webhook = provider().parse_webhook(body, headers)
    if webhook is None:
        return False
    try:
        is_known = usecases.apply_webhook(webhook, payments=payments(), provider=provider())
    except PaymentUnknown as error:
        raise ProviderNotResponding(
            "The payment provider does not respond. Send the webhook again later."
        ) from error
    if not is_known:
        logger.warning("webhook about an unknown payment", order_id=webhook.order_id)
    return is_known


def _authorize(command: AuthorizePayment) -> msgspec.Struct:
    return usecases.authorize(command, payments=payments(), provider=provider())


def _void(command: VoidPayment) -> msgspec.Struct:
    return usecases.void(command, payments=payments(), provider=provider())


def _capture(command: CapturePayment) -> msgspec.Struct:
    return usecases.capture(command, payments=payments(), provider=provider())


def _refund(command: RefundPayment) -> msgspec.Struct:
    return usecases.refund(command, payments=payments(), provider=provider())


COMMANDS: Commands = {
    AuthorizePayment: _authorize,
    VoidPayment: _void,
    CapturePayment: _capture,
    RefundPayment: _refund,
}


def _compensate_cancellation(event: OrderCancelled) -> None:
    compensation.compensate_cancellation(event.order_id, payments=payments(), provider=provider())


def _refund_return(event: ReturnAccepted) -> None:
    compensation.refund_return(
        event.order_id, event.return_id, event.refund, payments=payments(), provider=provider()
    )


SUBSCRIPTIONS: Subscriptions = {
    OrderCancelled: _compensate_cancellation,
    ReturnAccepted: _refund_return,
}
