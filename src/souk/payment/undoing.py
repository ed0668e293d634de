"""What facts undo of an order's money: it was cancelled, or something of it came back.

Each may be heard twice, late or before the provider has said how the capture went. What cannot
be done yet is raised, so that the fact comes again, and in the end is a dead letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from souk.kernel.money import Money
from souk.payment import usecases
from souk.payment.commands import RefundPayment, VoidPayment
from souk.payment.domain import PaymentTaken, RefundRefused

if TYPE_CHECKING:
    from souk.payment.domain import Payment
    from souk.payment.provider import Provider
    from souk.payment.usecases import Payments

CANCELLATION = "cancellation"
"""The refund of an order that was cancelled after its money was taken: there is one at most."""


class NotCaptured(Exception):
    """There is nothing to give back, so far: the money is not known to be the shop's."""


def undo_cancelled(order_id: str, *, payments: Payments, provider: Provider) -> None:
    """Let go of a cancelled order's money, or give back whatever of it was captured.

    Raises PaymentUnknown, PaymentPending or NotCaptured while that is not decided, and
    RefundRefused when the provider will not.
    """
    try:
        usecases.void(VoidPayment(order_id=order_id), payments=payments, provider=provider)
    except PaymentTaken:
        payment = _captured(order_id, payments, provider)
        given = payment.refunds | payment.asked
        rest = given.get(CANCELLATION, payment.captured - sum(given.values()))
        if rest:
            amount = Money(rest, payment.amount.currency)
            _give_back(order_id, CANCELLATION, amount, payments, provider)


def undo_returned(
    order_id: str, return_id: str, amount: Money, *, payments: Payments, provider: Provider
) -> None:
    """Give back what a return is worth, once, never more than was captured. Raises as above."""
    _captured(order_id, payments, provider)
    _give_back(order_id, return_id, amount, payments, provider)


def _captured(order_id: str, payments: Payments, provider: Provider) -> Payment:
    """The payment, once its capture is known to be done; one in doubt is asked for again."""
    payment = payments.get(order_id)
    if payment is not None:
        payment = usecases.finish_capture(payment, payments=payments, provider=provider)
    if payment is None or not payment.captured:
        raise NotCaptured(f"the money of {order_id} is not captured")
    return payment


def _give_back(
    order_id: str, refund_id: str, amount: Money, payments: Payments, provider: Provider
) -> None:
    wish = RefundPayment(order_id=order_id, refund_id=refund_id, amount=amount)
    answer = usecases.refund(wish, payments=payments, provider=provider)
    if answer.status == "refused":
        raise RefundRefused(answer.reason)
