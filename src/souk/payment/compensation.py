"""Compensates payments: voids or refunds a cancelled order, refunds returned items.

Events may arrive repeatedly, late, or before the outcome of a capture is known. What cannot be done
yet raises an exception, so that the event is retried and finally becomes a dead letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from souk.kernel.money import Money
from souk.payment import usecases
from souk.payment.commands import RefundPayment, VoidPayment
from souk.payment.domain import AlreadyCaptured, RefundRejected

if TYPE_CHECKING:
    from souk.payment.domain import Payment
    from souk.payment.provider import Provider
    from souk.payment.usecases import Payments

CANCELLATION = "cancellation"
"""Refund id of an order cancelled after the capture. There is at most one such refund."""


class NotCaptured(Exception):
    """Nothing can be refunded yet: the capture is not confirmed."""


def compensate_cancellation(order_id: str, *, payments: Payments, provider: Provider) -> None:
    """Void the payment of a cancelled order, or refund what was captured and not refunded.

    Raises PaymentUnknown, PaymentPending or NotCaptured while the outcome of an earlier request is
    unknown, RefundRejected, Busy.
    """
    try:
        usecases.void(VoidPayment(order_id=order_id), payments=payments, provider=provider)
    except AlreadyCaptured:
        payment = _captured_payment(order_id, payments, provider)
        refunds = payment.refunds | payment.pending_refunds
        remainder = refunds.get(CANCELLATION, payment.captured - sum(refunds.values()))
        if remainder:
            amount = Money(remainder, payment.amount.currency)
            _refund(order_id, CANCELLATION, amount, payments, provider)


def refund_return(
    order_id: str, return_id: str, amount: Money, *, payments: Payments, provider: Provider
) -> None:
    """Refund a return, once per return id.

    Raises PaymentUnknown, NotCaptured, Busy, and RefundRejected, also when the refunds would exceed
    the captured amount.
    """
    _captured_payment(order_id, payments, provider)
    _refund(order_id, return_id, amount, payments, provider)


def _captured_payment(order_id: str, payments: Payments, provider: Provider) -> Payment:
    """The payment with a confirmed capture; completes a capture of unknown outcome first."""
    payment = payments.get(order_id)
    if payment is not None:
        payment = usecases.finish_capture(payment, payments=payments, provider=provider)
    if payment is None or not payment.captured:
        raise NotCaptured(f"the payment of {order_id} is not captured")
    return payment


def _refund(
    order_id: str, refund_id: str, amount: Money, payments: Payments, provider: Provider
) -> None:
    command = RefundPayment(order_id=order_id, refund_id=refund_id, amount=amount)
    result = usecases.refund(command, payments=payments, provider=provider)
    if result.status == "rejected":
        raise RefundRejected(result.reason)
