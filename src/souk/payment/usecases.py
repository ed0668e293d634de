"""What happens to payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from souk.kernel.patience import tries
from souk.payment.commands import Authorization, Captured, Refunded, Voided
from souk.payment.domain import (
    AlreadyCaptured,
    Entry,
    Payment,
    PaymentMoved,
    PaymentPending,
    PaymentUnknown,
    Status,
    tombstone,
)
from souk.payment.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
)
from souk.payment.provider import NoAnswer, Provider, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from souk.kernel.facts import Fact
    from souk.kernel.money import Money

Answer = TypeVar("Answer")
_OPEN_AT_PROVIDER = ("pending", "authorized")


class Ledger(Protocol):
    def get(self, order_id: str) -> Payment | None:
        """The order's payment as last written."""

    def begin(self, payment: Payment) -> bool:
        """Store a new payment; False when the order has one."""

    def record(self, after: Payment, *facts: Fact, entry: Entry | None = None) -> None:
        """The payment, what moved, and the facts together, or nothing.

        Raises PaymentMoved unless `after` follows upon what is stored.
        """

    def has(self, order_id: str, key: str) -> bool:
        """Whether the order's ledger has an entry of this key."""

    def left_open(self, before: str) -> Iterator[str]:
        """The orders whose payments were asked for before the stamp and have no end yet."""


def authorize(
    order_id: str, amount: Money, token: str, *, ledger: Ledger, provider: Provider
) -> Authorization:
    """Set the money aside, once. The intent is written first, so that no answer gets lost.

    Raises PaymentPending or PaymentUnknown: come again.
    """
    payment = Payment(order_id=order_id, amount=amount, token=token, status=Status.ASKED)
    is_new = ledger.begin(payment)
    try:
        if is_new:
            told = _ask(lambda: provider.authorize(order_id, amount, token))
            payment = _told(payment, told, ledger)
    except PaymentMoved:  # a webhook, or a void, was faster than the answer
        is_new = False
    if not is_new:
        payment = settle(order_id, ledger=ledger, provider=provider) or payment
    if payment.status.is_open:
        raise PaymentPending(f"the payment of {order_id} is not decided yet")
    if payment.status is Status.CAPTURED:
        return Authorization(status="authorized")
    return Authorization(status=payment.status.value, reason=payment.reason)


def settle(order_id: str, *, ledger: Ledger, provider: Provider) -> Payment | None:
    """Ask the provider how an undecided payment stands, and write it down.

    A webhook, the reconciler and a repeated command all come here: whichever is first, the
    others find it done. What the provider holds for a payment that was voided is let go.
    Raises PaymentUnknown.
    """
    for _ in tries():
        payment = ledger.get(order_id)
        if payment is None or payment.status in (Status.DECLINED, Status.CAPTURED):
            return payment
        try:
            return _settled(payment, ledger, provider)
        except PaymentMoved:
            continue
    raise AssertionError("tries() ends in Busy")


def void(order_id: str, *, ledger: Ledger, provider: Provider) -> Voided:
    """Let go of what is set aside; a payment asked for later finds this and sets nothing aside.

    The decision is written before the provider hears of it. Raises PaymentUnknown: come again;
    AlreadyCaptured.
    """
    for _ in tries():
        payment = ledger.get(order_id)
        if payment is None:
            if ledger.begin(tombstone(order_id)):
                return Voided()
            continue
        if payment.status is Status.CAPTURED:
            raise AlreadyCaptured(f"the payment of {order_id} is captured")
        try:
            if payment.status is not Status.DECLINED:
                _let_go(_voided(payment, ledger), provider)
        except PaymentMoved:
            continue
        return Voided()
    raise AssertionError("tries() ends in Busy")


def capture(order_id: str, *, ledger: Ledger, provider: Provider) -> Captured:
    """Take what is set aside, once. Raises PaymentUnknown: come again."""
    for _ in tries():
        payment = settle(order_id, ledger=ledger, provider=provider)
        if payment is None or payment.status.is_open or payment.status is Status.DECLINED:
            return Captured(status="failed", reason="not-authorized")
        if payment.status is not Status.AUTHORIZED:
            return Captured(status=payment.status.value)
        reference = payment.reference or ""
        _ask(lambda reference=reference: provider.capture(order_id, reference))  # type: ignore[misc]  # its default
        after = payment.capture()
        fact = PaymentCaptured(order_id=order_id, amount=payment.amount)
        try:
            ledger.record(after, fact, entry=after.entry("capture"))
        except PaymentMoved:
            continue
        return Captured(status="captured")
    raise AssertionError("tries() ends in Busy")


def refund(
    order_id: str, refund_id: str, amount: Money, *, ledger: Ledger, provider: Provider
) -> Refunded:
    """Give back part of what was captured, once for a refund id.

    It is written before the provider is asked, so that refunds can never exceed captures;
    whoever repeats it asks the provider again under the same key. Raises PaymentUnknown.
    """
    key = f"refund#{refund_id}"
    for _ in tries():
        payment = ledger.get(order_id)
        if payment is None or payment.status is not Status.CAPTURED:
            return Refunded(status="refused", reason="not-captured")
        reference = payment.reference or ""
        if not ledger.has(order_id, key):
            if amount.currency != payment.amount.currency or amount.amount <= 0:
                return Refunded(status="refused", reason="not-an-amount")
            if payment.refunded + amount.amount > payment.captured:
                return Refunded(status="refused", reason="more-than-captured")
            after = payment.refund(amount.amount)
            fact = PaymentRefunded(order_id=order_id, refund_id=refund_id, amount=amount)
            try:
                ledger.record(after, fact, entry=after.entry(key, amount))
            except PaymentMoved:
                continue
        _ask(lambda reference=reference: provider.refund(refund_id, reference, amount))  # type: ignore[misc]  # its default
        return Refunded(status="refunded")
    raise AssertionError("tries() ends in Busy")


def differences(moment: int, *, ledger: Ledger, provider: Provider) -> Iterator[tuple[str, str]]:
    """Order ids, and how provider and ledger disagree on them, of payments begun since.

    Money held for a payment that was voided, or never recorded, is let go first.
    """
    for told in provider.since(moment):
        payment = ledger.get(told.order_id)
        if payment is None:
            yield told.order_id, f"the provider has it {told.status}, the ledger not at all"
            continue
        if payment.status is Status.VOIDED and told.status in _OPEN_AT_PROVIDER:
            _ask(lambda told=told: provider.void(told.order_id, told.reference))  # type: ignore[misc]  # its default
            yield told.order_id, "the provider held money for it after it was voided; let go"
        elif not payment.status.is_open and payment.status.value != told.status:
            says = payment.status.value
            yield told.order_id, f"the provider has it {told.status}, the ledger {says}"
        elif told.status != "declined" and payment.amount != told.amount:
            yield told.order_id, f"the provider has {told.amount}, the ledger {payment.amount}"


def _settled(payment: Payment, ledger: Ledger, provider: Provider) -> Payment:
    if payment.status is Status.VOIDED:
        _let_go(payment, provider)
        return payment
    if not payment.status.is_open:
        return payment
    told = _ask(lambda: provider.find(payment.order_id, payment.reference))
    if told is None:  # it never got there: sent again under the same key, it is done once
        told = _ask(lambda: provider.authorize(payment.order_id, payment.amount, payment.token))
    return _told(payment, told, ledger)


def _told(payment: Payment, told: Told, ledger: Ledger) -> Payment:
    """Write down what the provider said, if it is news."""
    status = Status(told.status)
    if status is payment.status:
        return payment
    after = payment.found(status, told.reference, told.reason)
    if status is Status.AUTHORIZED:
        fact: Fact = PaymentAuthorized(order_id=payment.order_id, amount=payment.amount)
        ledger.record(after, fact, entry=after.entry("authorize"))
    elif status is Status.DECLINED:
        reason = told.reason or "declined"
        ledger.record(after, PaymentDeclined(order_id=payment.order_id, reason=reason))
    else:
        ledger.record(after)
    return after


def _voided(payment: Payment, ledger: Ledger) -> Payment:
    if payment.status is Status.VOIDED:
        return payment
    after = payment.void()
    if payment.status is Status.AUTHORIZED:
        fact = PaymentVoided(order_id=payment.order_id, amount=payment.amount)
        ledger.record(after, fact, entry=after.entry("void"))
    else:
        ledger.record(after)
    return after


def _let_go(payment: Payment, provider: Provider) -> None:
    """At the provider, of whatever it holds for a payment that is voided here."""
    if not payment.amount.amount:
        return  # a tombstone: it was never asked
    told = _ask(lambda: provider.find(payment.order_id, payment.reference))
    if told is not None and told.status in _OPEN_AT_PROVIDER:
        _ask(lambda: provider.void(payment.order_id, told.reference))


def _ask(request: Callable[[], Answer]) -> Answer:
    try:
        return request()
    except NoAnswer as error:
        raise PaymentUnknown(str(error)) from error
