"""The port to the payment provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from souk.kernel.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from souk.kernel.money import Money
    from souk.payment.domain import ProviderState


class ProviderUnavailable(Exception):
    """No response. The provider may or may not have done what was requested."""


class PaymentTokenRejected(Exception):
    """The provider cannot create a payment with this token. The message is the reason, a slug."""


class BadSignature(ApiError):
    status = 400
    slug = "bad-signature"
    title = "Invalid signature"


class ProviderNotResponding(ApiError):
    """The webhook was not processed, because the provider cannot be queried. It sends it again."""

    status = 503
    slug = "provider-not-responding"
    title = "Payment provider not responding"
    retry_after = 60


class AuthorizationRequest(NamedTuple):
    """The amount to authorize, and the customer's payment token. Payment never stores the token."""

    order_id: str
    amount: Money
    token: str


class WebhookEvent(msgspec.Struct, frozen=True):
    """The payment that a webhook is about. What changed is always queried from the provider."""

    reference: str
    order_id: str


class Provider(Protocol):
    """Every call is idempotent and may raise ProviderUnavailable.

    A call that the provider rejects changes nothing; the returned state shows that.
    """

    name: str

    def open(self, request: AuthorizationRequest) -> str:
        """Create the payment, one per order, without authorizing it. Returns its reference.

        All other calls use the reference. Only `authorize` authorizes the amount, so a payment
        that is voided first can never be authorized.
        Raises PaymentTokenRejected.
        """

    def authorize(self, reference: str, request: AuthorizationRequest) -> ProviderState: ...

    def capture(self, reference: str) -> ProviderState:
        """Capture the whole authorized amount."""

    def void(self, reference: str) -> ProviderState:
        """Void the payment, authorized or not. A later `authorize` has no effect."""

    def refund(self, reference: str, refund_id: str, amount: Money) -> bool:
        """Refund part of the captured amount, once per id. False if the provider rejects it."""

    def find(self, reference: str) -> ProviderState: ...

    def list(self, since: str, until: str) -> Iterable[ProviderState]:
        """All payments created in this time (ISO 8601), including those unknown to the ledger."""

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookEvent | None:
        """The payment that the webhook is about, None for any other topic. Raises BadSignature."""
