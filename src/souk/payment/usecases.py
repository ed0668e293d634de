"""What payment is asked to do. Every answer is the ledger's: the provider is only ever asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from souk.kernel.clock import now, stamp
from souk.kernel.errors import Busy
from souk.kernel.money import Money
from souk.payment import domain
from souk.payment.commands import Authorization, Captured, Refunded, Voided
from souk.payment.domain import (
    LET_GO,
    SET_ASIDE,
    UNDECIDED,
    Payment,
    PaymentMoved,
    PaymentPending,
    PaymentTaken,
    PaymentUnknown,
    RefundRefused,
    Status,
    Step,
    plain,
)
from souk.payment.provider import NoAnswer, Provider, TokenRefused, Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from souk.payment.commands import (
        AuthorizePayment,
        CapturePayment,
        RefundPayment,
        VoidPayment,
    )
    from souk.payment.domain import Standing
    from souk.payment.provider import Notice

AnswerT = TypeVar("AnswerT")
TRIES = 8


class Payments(Protocol):
    def get(self, order_id: str) -> Payment | None: ...

    def save(self, before: Payment | None, step: Step) -> Payment:
        """Keep the step's payment, entries and facts together, and return it as kept.

        Raises PaymentMoved unless `before` (None: nothing) is still what is stored.
        """


def authorize(asked: AuthorizePayment, *, payments: Payments, provider: Provider) -> Authorization:
    """Set the order's money aside, once, whoever asks how often, and whenever one is killed.

    Raises PaymentPending or PaymentUnknown while it is not decided.
    """
    wish = Wish(asked.order_id, asked.amount, asked.payment_token)
    payment = payments.get(asked.order_id)
    if payment is None:
        payment = _begin(wish, payments, provider)
        ask = provider.authorize
    else:
        ask = partial(_find_or_authorize, provider)
    if payment.status in UNDECIDED and payment.reference:
        payment = _decided(payment, partial(ask, payment.reference, wish), payments)
    return _authorization(payment)


def void(asked: VoidPayment, *, payments: Payments, provider: Provider) -> Voided:
    """Let go of the order's money for good, whatever was asked before and comes in late.

    Raises PaymentUnknown or PaymentPending while the provider has not confirmed it; what was
    decided stays decided, and the reconciler goes on. Raises PaymentTaken once captured.
    """

    def decide(payment: Payment | None) -> Step:
        return plain(
            domain.let_go(payment) if payment else domain.tombstone(asked.order_id, _now())
        )

    known = payments.get(asked.order_id)
    payment = _record(asked.order_id, known, decide, payments)
    finish_void(payment, payments=payments, provider=provider)
    return Voided()


def capture(asked: CapturePayment, *, payments: Payments, provider: Provider) -> Captured:
    """Take the order's money, once. Raises PaymentUnknown when the provider did not answer."""
    payment = payments.get(asked.order_id)
    if payment is None:
        return Captured(status="failed", reason="never-authorized")
    payment = _move(payment, domain.ask_capture, payments)
    payment = finish_capture(payment, payments=payments, provider=provider)
    if payment.captured:
        return Captured(status="captured")
    if payment.status in LET_GO:
        return Captured(status="voided")
    return Captured(status="failed", reason=payment.reason or f"still-{payment.status.value}")


def refund(asked: RefundPayment, *, payments: Payments, provider: Provider) -> Refunded:
    """Give money back, once per refund id, never more than was captured.

    Raises PaymentUnknown when the provider did not answer; the amount stays kept for it.
    """
    payment = payments.get(asked.order_id)
    if payment is None:
        return Refunded(status="refused", reason="not-captured")
    wanted = partial(domain.ask_refund, refund_id=asked.refund_id, amount=asked.amount)
    try:
        payment = _move(payment, wanted, payments)
    except RefundRefused as refused:
        return Refunded(status="refused", reason=str(refused))
    payment = finish_refund(payment, asked.refund_id, payments=payments, provider=provider)
    if asked.refund_id in payment.refunds:
        return Refunded(status="refunded")
    return Refunded(status="refused", reason="provider-refused")


def hear_notice(heard: Notice, *, payments: Payments, provider: Provider) -> bool:
    """Ask the provider about a payment it says has changed; False if it is none of ours.

    A notice only makes us ask, so one that is old, doubled or out of order does no harm.
    Raises PaymentUnknown when the provider does not answer.
    """
    payment = payments.get(heard.order_id)
    if payment is None or payment.reference != heard.reference:
        return False
    hear(payment, _answer(partial(provider.find, heard.reference)), payments=payments)
    return True


def hear(payment: Payment, standing: Standing, *, payments: Payments) -> Payment:
    """Record what the provider's books say."""

    def step(known: Payment | None) -> Step:
        return domain.hear(_there(known), standing, _now())

    return _record(payment.order_id, payment, step, payments)


# --- what was begun is brought to its end: by the same call repeated, or by the reconciler --------


def resolve(payment: Payment, *, payments: Payments, provider: Provider) -> Payment:
    """Go on with what somebody left unsettled. Raises PaymentUnknown, Pending or Taken.

    What the provider was never asked to authorise stays so: only the workflow has the token.
    """
    if payment.status in UNDECIDED and payment.reference:
        standing = _answer(partial(provider.find, payment.reference))
        payment = hear(payment, standing, payments=payments)
    payment = finish_void(payment, payments=payments, provider=provider)
    payment = finish_capture(payment, payments=payments, provider=provider)
    for refund_id in tuple(payment.asked):
        payment = finish_refund(payment, refund_id, payments=payments, provider=provider)
    return payment


def finish_void(payment: Payment, *, payments: Payments, provider: Provider) -> Payment:
    if payment.status is not Status.VOIDING or payment.reference is None:
        return payment
    standing = _answer(partial(provider.void, payment.reference))
    payment = hear(payment, standing, payments=payments)
    if payment.captured:
        raise PaymentTaken(f"the payment of {payment.order_id} was captured meanwhile")
    if payment.status is Status.VOIDING:
        raise PaymentPending(f"the payment of {payment.order_id} cannot be let go yet")
    return payment


def finish_capture(payment: Payment, *, payments: Payments, provider: Provider) -> Payment:
    if payment.status is not Status.CAPTURING or payment.reference is None:
        return payment
    standing = _answer(partial(provider.capture, payment.reference))
    payment = hear(payment, standing, payments=payments)
    refused = partial(domain.capture_refused, reason=standing.reason)
    return _move(payment, refused, payments)


def finish_refund(
    payment: Payment, refund_id: str, *, payments: Payments, provider: Provider
) -> Payment:
    if refund_id not in payment.asked or payment.reference is None:
        return payment
    amount = Money(payment.asked[refund_id], payment.amount.currency)
    done = _answer(partial(provider.refund, payment.reference, refund_id, amount))
    if not done:
        return _move(payment, partial(domain.refund_refused, refund_id=refund_id), payments)

    def step(known: Payment | None) -> Step:
        return domain.refund_done(_there(known), refund_id, _now())

    return _record(payment.order_id, payment, step, payments)


# --- how it is done -------------------------------------------------------------------------------


def _begin(wish: Wish, payments: Payments, provider: Provider) -> Payment:
    """The intent, with the reference nobody can set money aside without."""
    try:
        reference = _answer(partial(provider.open, wish))
        step = plain(domain.begin(wish.order_id, wish.amount, reference, _now()))
    except TokenRefused as refused:
        step = domain.refuse(wish.order_id, wish.amount, str(refused), _now())
    try:
        return payments.save(None, step)
    except PaymentMoved:
        return _there(payments.get(wish.order_id))  # another call began it, or let it go


def _find_or_authorize(provider: Provider, reference: str, wish: Wish) -> Standing:
    """Ask first: a call before this one may have got through."""
    standing = provider.find(reference)
    return provider.authorize(reference, wish) if standing.status == "open" else standing


def _decided(payment: Payment, ask: Callable[[], Standing], payments: Payments) -> Payment:
    try:
        standing = ask()
    except NoAnswer as error:
        payment = _move(payment, domain.doubt, payments)
        if payment.status not in UNDECIDED:
            return payment  # a notice was faster
        raise PaymentUnknown(f"no answer about the payment of {payment.order_id}") from error
    return hear(payment, standing, payments=payments)


def _authorization(payment: Payment) -> Authorization:
    match payment.status:
        case status if status in SET_ASIDE:
            return Authorization(status="authorized")
        case status if status in LET_GO:
            return Authorization(status="voided")
        case Status.DECLINED:
            return Authorization(status="declined", reason=payment.reason)
        case Status.PENDING:
            raise PaymentPending(f"the payment of {payment.order_id} needs time")
    raise PaymentUnknown(f"the payment of {payment.order_id} is not decided")


def _answer(ask: Callable[[], AnswerT]) -> AnswerT:
    try:
        return ask()
    except NoAnswer as error:
        raise PaymentUnknown("the payment provider did not answer") from error


def _move(payment: Payment, change: Callable[[Payment], Payment], payments: Payments) -> Payment:
    """A change that moves no money."""

    def step(known: Payment | None) -> Step:
        return plain(change(_there(known)))

    return _record(payment.order_id, payment, step, payments)


def _record(
    order_id: str,
    known: Payment | None,
    step: Callable[[Payment | None], Step],
    payments: Payments,
) -> Payment:
    """Take a step from what is known, or else from what another call made of it meanwhile."""
    for _ in range(TRIES):
        taken = step(known)
        if taken.payment == known:
            return taken.payment
        try:
            return payments.save(known, taken)
        except PaymentMoved:
            known = payments.get(order_id)
    raise Busy(f"too many want to change the payment of {order_id}; please try again")


def _there(payment: Payment | None) -> Payment:
    if payment is None:
        raise LookupError("a payment that was there is gone")
    return payment


def _now() -> str:
    return stamp(now())
