"""Builds payment commands and provider states with defaults."""

from __future__ import annotations

from typing import Any

from souk.kernel.ids import new_id
from souk.kernel.money import Money
from souk.payment.commands import AuthorizePayment, CapturePayment, RefundPayment, VoidPayment
from souk.payment.domain import ProviderState
from souk.payment.provider import AuthorizationRequest


def pounds(amount: int) -> Money:
    """An amount in pence."""
    return Money(amount, "GBP")


TOTAL = pounds(4493)


def an_authorize(order_id: str = "", *, token: str = "tok_ok") -> AuthorizePayment:
    return AuthorizePayment(order_id=order_id or new_id(), amount=TOTAL, payment_token=token)


def a_void(order_id: str) -> VoidPayment:
    return VoidPayment(order_id=order_id)


def a_capture(order_id: str) -> CapturePayment:
    return CapturePayment(order_id=order_id)


def a_refund(order_id: str, amount: int, refund_id: str = "refund-1") -> RefundPayment:
    return RefundPayment(order_id=order_id, refund_id=refund_id, amount=pounds(amount))


def an_authorization_request(token: str = "tok_ok", order_id: str = "") -> AuthorizationRequest:
    return AuthorizationRequest(order_id or new_id(), TOTAL, token)


def a_provider_state(status: Any = "authorized", **fields: Any) -> ProviderState:
    """The provider's state of a payment of TOTAL with this status."""
    is_authorized = status in ("authorized", "captured")
    return ProviderState(
        **{
            "reference": "ref-o-1",
            "order_id": "o-1",
            "status": status,
            "authorized": TOTAL.amount if is_authorized else 0,
            "captured": TOTAL.amount if status == "captured" else 0,
            **fields,
        }
    )
