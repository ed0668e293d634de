"""Payment's use cases. The ledger decides every result; the provider is the source of its state."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from souk.kernel.clock import now, timestamp
from souk.kernel.errors import Busy, ConcurrentUpdate
from souk.kernel.money import Money
from souk.payment import domain
from souk.payment.commands import Authorization, Captured, Refunded, Voided
from souk.payment.domain import (
    AUTHORIZED_OR_LATER,
    UNDECIDED,
    VOIDING_OR_VOIDED,
    AlreadyCaptured,
    Payment,
    PaymentChange,
    PaymentPending,
    PaymentStatus,
    PaymentUnknown,
    RefundRejected,
    without_entries,
)
from souk.payment.provider import (
    AuthorizationRequest,
    PaymentTokenRejected,
    Provider,
    ProviderUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from souk.payment.commands import (
        AuthorizePayment,
        CapturePayment,
        RefundPayment,
        VoidPayment,
    )
    from souk.payment.domain import ProviderState
    from souk.payment.provider import WebhookEvent

    ChangeOf = Callable[[Payment | None], PaymentChange]
    """Computes the change from the stored payment, None if there is none."""

ResultT = TypeVar("ResultT")
MAX_ATTEMPTS = 8
"""Attempts to save one change while concurrent updates of the same payment succeed."""


class Payments(Protocol):
    def get(self, order_id: str) -> Payment | None: ...

    def save(self, before: Payment | None, change: PaymentChange) -> Payment:
        """Write payment, entries and events together. Returns the payment with its new version.

        Raises ConcurrentUpdate unless `before` (None: no payment) is what is stored, and Busy.
        """


def authorize(
    command: AuthorizePayment, *, payments: Payments, provider: Provider
) -> Authorization:
    """Authorize the order's total once, even when the command is repeated or interrupted.

    Raises PaymentPending or PaymentUnknown while it is undecided, and Busy.
    """
    request = AuthorizationRequest(command.order_id, command.amount, command.payment_token)
    payment = payments.get(command.order_id)
    if payment is None:
        payment = _open_payment(request, payments, provider)
        call = provider.authorize
    else:
        call = partial(_find_or_authorize, provider)
    if payment.status in UNDECIDED and payment.reference:
        payment = _decide(payment, partial(call, payment.reference, request), payments)
    return _authorization(payment)


def void(command: VoidPayment, *, payments: Payments, provider: Provider) -> Voided:
    """Void the order's payment for good; a later or delayed authorization has no effect.

    Raises PaymentUnknown or PaymentPending until the provider confirms. The decision is stored by
    then, and the reconciler completes it. Raises AlreadyCaptured, Busy.
    """

    def start(payment: Payment | None) -> PaymentChange:
        if payment is None:
            return without_entries(domain.create_tombstone(command.order_id, _timestamp()))
        return without_entries(domain.start_void(payment))

    payment = _save_change(command.order_id, payments.get(command.order_id), start, payments)
    finish_void(payment, payments=payments, provider=provider)
    return Voided()


def capture(command: CapturePayment, *, payments: Payments, provider: Provider) -> Captured:
    """Capture the authorized amount, once. Raises PaymentUnknown, Busy."""
    payment = payments.get(command.order_id)
    if payment is None:
        return Captured(status="failed", reason="never-authorized")
    payment = _update(payment, domain.start_capture, payments)
    payment = finish_capture(payment, payments=payments, provider=provider)
    if payment.captured:
        return Captured(status="captured")
    if payment.status in VOIDING_OR_VOIDED:
        return Captured(status="voided")
    return Captured(status="failed", reason=payment.reason or f"still-{payment.status.value}")


def refund(command: RefundPayment, *, payments: Payments, provider: Provider) -> Refunded:
    """Refund part of the captured amount, once per refund id.

    Raises PaymentUnknown; the amount then stays reserved for this refund. Raises Busy.
    """
    payment = payments.get(command.order_id)
    if payment is None:
        return Refunded(status="rejected", reason="not-captured")
    start = partial(domain.start_refund, refund_id=command.refund_id, amount=command.amount)
    try:
        payment = _update(payment, start, payments)
    except RefundRejected as error:
        return Refunded(status="rejected", reason=str(error))
    payment = finish_refund(payment, command.refund_id, payments=payments, provider=provider)
    if command.refund_id in payment.refunds:
        return Refunded(status="refunded")
    return Refunded(status="rejected", reason="provider-rejected")


def apply_webhook(webhook: WebhookEvent, *, payments: Payments, provider: Provider) -> bool:
    """Query the payment that a webhook is about. False if the ledger has no such payment.

    The webhook's own content is not used, so a late, repeated or reordered one is harmless.
    Raises PaymentUnknown, Busy.
    """
    payment = payments.get(webhook.order_id)
    if payment is None or payment.reference != webhook.reference:
        return False
    state = _call(partial(provider.find, webhook.reference))
    apply_provider_state(payment, state, payments=payments)
    return True


def apply_provider_state(payment: Payment, state: ProviderState, *, payments: Payments) -> Payment:
    """Record the provider's state in the ledger. Raises Busy, LookupError without a payment."""

    def apply(stored: Payment | None) -> PaymentChange:
        return domain.apply_provider_state(_existing(stored), state, _timestamp())

    return _save_change(payment.order_id, payment, apply, payments)


# --- completion of started operations, by a repeated command or by the reconciler -----------------


def resolve(payment: Payment, *, payments: Payments, provider: Provider) -> Payment:
    """Complete whatever is unsettled: what the provider has not confirmed.

    A payment stays unsettled without an error while the provider needs time to authorize it, and
    if its authorization was never requested: only the workflow has the token.
    Raises PaymentUnknown, PaymentPending (of a void), AlreadyCaptured, Busy.
    """
    if payment.status in UNDECIDED and payment.reference:
        state = _call(partial(provider.find, payment.reference))
        payment = apply_provider_state(payment, state, payments=payments)
    payment = finish_void(payment, payments=payments, provider=provider)
    payment = finish_capture(payment, payments=payments, provider=provider)
    for refund_id in tuple(payment.pending_refunds):
        payment = finish_refund(payment, refund_id, payments=payments, provider=provider)
    return payment


def finish_void(payment: Payment, *, payments: Payments, provider: Provider) -> Payment:
    """Request a started void again. No effect on a payment that is not `voiding`.

    Raises PaymentUnknown, PaymentPending, Busy, and AlreadyCaptured after recording the capture.
    """
    if payment.status is not PaymentStatus.VOIDING or payment.reference is None:
        return payment
    state = _call(partial(provider.void, payment.reference))
    payment = apply_provider_state(payment, state, payments=payments)
    if payment.captured:
        raise AlreadyCaptured(f"the payment of {payment.order_id} was captured concurrently")
    if payment.status is PaymentStatus.VOIDING:
        raise PaymentPending(f"the payment of {payment.order_id} cannot be voided yet")
    return payment


def finish_capture(payment: Payment, *, payments: Payments, provider: Provider) -> Payment:
    """Request a started capture again. No effect on a payment that is not `capturing`.

    If the provider rejects it, the payment is `authorized` again. Raises PaymentUnknown, Busy.
    """
    if payment.status is not PaymentStatus.CAPTURING or payment.reference is None:
        return payment
    state = _call(partial(provider.capture, payment.reference))
    payment = apply_provider_state(payment, state, payments=payments)
    return _update(payment, partial(domain.reject_capture, reason=state.reason), payments)


def finish_refund(
    payment: Payment, refund_id: str, *, payments: Payments, provider: Provider
) -> Payment:
    """Request a started refund again. No effect if it is not pending.

    If the provider rejects it, it is no longer pending. Raises PaymentUnknown, Busy.
    """
    if refund_id not in payment.pending_refunds or payment.reference is None:
        return payment
    amount = Money(payment.pending_refunds[refund_id], payment.amount.currency)
    is_refunded = _call(partial(provider.refund, payment.reference, refund_id, amount))
    if not is_refunded:
        return _update(payment, partial(domain.reject_refund, refund_id=refund_id), payments)

    def complete(stored: Payment | None) -> PaymentChange:
        return domain.complete_refund(_existing(stored), refund_id, _timestamp())

    return _save_change(payment.order_id, payment, complete, payments)


# --- helpers --------------------------------------------------------------------------------------


def _open_payment(request: AuthorizationRequest, payments: Payments, provider: Provider) -> Payment:
    """Store the payment before authorization, with the reference that authorization needs.

    Raises PaymentUnknown, Busy.
    """
    try:
        reference = _call(partial(provider.open, request))
        payment = domain.create_payment(request.order_id, request.amount, reference, _timestamp())
        change = without_entries(payment)
    except PaymentTokenRejected as error:
        change = domain.create_declined(request.order_id, request.amount, str(error), _timestamp())
    try:
        return payments.save(None, change)
    except ConcurrentUpdate:
        return _existing(payments.get(request.order_id))  # created or voided by another call


def _find_or_authorize(
    provider: Provider, reference: str, request: AuthorizationRequest
) -> ProviderState:
    """Queries first: an earlier call may have reached the provider."""
    state = provider.find(reference)
    return provider.authorize(reference, request) if state.status == "open" else state


def _decide(payment: Payment, call: Callable[[], ProviderState], payments: Payments) -> Payment:
    """Record the state that `call` returns.

    Raises PaymentUnknown when there is no response, and Busy.
    """
    try:
        state = call()
    except ProviderUnavailable as error:
        payment = _update(payment, domain.mark_unknown, payments)
        if payment.status not in UNDECIDED:
            return payment  # decided by a webhook
        raise PaymentUnknown(
            f"the provider did not respond about the payment of {payment.order_id}"
        ) from error
    return apply_provider_state(payment, state, payments=payments)


def _authorization(payment: Payment) -> Authorization:
    match payment.status:
        case status if status in AUTHORIZED_OR_LATER:
            return Authorization(status="authorized")
        case status if status in VOIDING_OR_VOIDED:
            return Authorization(status="voided")
        case PaymentStatus.DECLINED:
            return Authorization(status="declined", reason=payment.reason)
        case PaymentStatus.PENDING:
            raise PaymentPending(f"the payment of {payment.order_id} is pending")
    raise PaymentUnknown(f"the payment of {payment.order_id} is undecided")


def _call(call: Callable[[], ResultT]) -> ResultT:
    """The result of a call of the provider. Raises PaymentUnknown when there is no response."""
    try:
        return call()
    except ProviderUnavailable as error:
        raise PaymentUnknown("the payment provider did not respond") from error


def _update(payment: Payment, update: Callable[[Payment], Payment], payments: Payments) -> Payment:
    """Save an update that moves no money. Raises Busy, and whatever `update` raises."""

    def change(stored: Payment | None) -> PaymentChange:
        return without_entries(update(_existing(stored)))

    return _save_change(payment.order_id, payment, change, payments)


def _save_change(
    order_id: str, stored: Payment | None, change_of: ChangeOf, payments: Payments
) -> Payment:
    """Compute and save a change; after a concurrent update, read again and recompute.

    Raises Busy, and whatever `change_of` raises.
    """
    for _ in range(MAX_ATTEMPTS):
        change = change_of(stored)
        if change.payment == stored:
            return change.payment
        try:
            return payments.save(stored, change)
        except ConcurrentUpdate:
            stored = payments.get(order_id)
    raise Busy(f"Too many concurrent updates of the payment of {order_id}. Try again.")


def _existing(payment: Payment | None) -> Payment:
    """Payments are never deleted. Raises LookupError if one is missing all the same."""
    if payment is None:
        raise LookupError("the payment no longer exists")
    return payment


def _timestamp() -> str:
    return timestamp(now())
