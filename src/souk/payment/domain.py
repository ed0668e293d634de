"""The payment of one order, and the ledger of the amounts that moved."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from souk.kernel.money import Money
from souk.payment.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
)

if TYPE_CHECKING:
    from souk.kernel.events import Event

    EntryType = Literal["authorize", "capture", "void", "refund"]

NO_AMOUNT = Money(0, "XXX")  # ISO 4217: no currency


class PaymentStatus(Enum):
    """Status of a payment. A status in -ing was requested at the provider, but not confirmed."""

    AUTHORIZING = "authorizing"
    UNKNOWN = "unknown"  # authorization was requested; the provider did not respond
    PENDING = "pending"  # the provider needs time
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    VOIDING = "voiding"
    VOIDED = "voided"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    REFUNDED = "refunded"  # in full


UNDECIDED = frozenset({PaymentStatus.AUTHORIZING, PaymentStatus.UNKNOWN, PaymentStatus.PENDING})
UNSETTLED = UNDECIDED | {PaymentStatus.VOIDING, PaymentStatus.CAPTURING}
"""Statuses in which the provider has not confirmed the last request."""

VOIDING_OR_VOIDED = frozenset({PaymentStatus.VOIDING, PaymentStatus.VOIDED})
CAPTURING_OR_LATER = frozenset(
    {PaymentStatus.CAPTURING, PaymentStatus.CAPTURED, PaymentStatus.REFUNDED}
)
AUTHORIZED_OR_LATER = CAPTURING_OR_LATER | {PaymentStatus.AUTHORIZED}


class PaymentPending(Exception):
    """The provider needs time. Repeat the command later."""


class PaymentUnknown(Exception):
    """The provider did not respond. Repeat the command later; it takes effect only once."""


class AlreadyCaptured(Exception):
    """The amount is captured, or its capture was requested. Refund it; it cannot be voided."""


class RefundRejected(Exception):
    """The message is the reason, a slug."""


class ProviderState(msgspec.Struct, frozen=True, kw_only=True):
    """A payment in the provider's records at one moment. Amounts are in minor units.

    `open`: created at the provider, authorization not requested. `authorized` keeps the
    authorized amount after a capture or a void.
    """

    reference: str
    order_id: str
    status: Literal["open", "pending", "authorized", "declined", "voided", "captured"]
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    reason: str | None = None


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An amount that moved. Never changed. `key` is unique in the payment's ledger."""

    key: str
    type: EntryType
    amount: Money
    reference: str
    at: str


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """The payment of one order. Sums are in minor units of the currency of `amount`.

    Captured plus voided never exceeds authorized; refunds never exceed captured. `refunds` holds
    the confirmed refunds by refund id, `pending_refunds` those the provider has not confirmed.
    `reference` is None when the provider has no such payment: it was voided before authorization
    was requested, or the provider rejected the token.
    """

    order_id: str
    status: PaymentStatus
    created_at: str
    amount: Money
    reference: str | None = None
    authorized: int = 0
    captured: int = 0
    voided: int = 0
    refunds: dict[str, int] = {}
    pending_refunds: dict[str, int] = {}
    reason: str | None = None
    version: int = 0

    def __post_init__(self) -> None:
        if min(self.authorized, self.captured, self.voided) < 0:
            raise ValueError(f"the payment of {self.order_id} has a negative sum")
        if self.captured + self.voided > self.authorized:
            raise ValueError(f"the payment of {self.order_id} exceeds its authorized amount")
        if self.refunded + sum(self.pending_refunds.values()) > self.captured:
            raise ValueError(f"the payment of {self.order_id} refunds more than was captured")

    @property
    def refunded(self) -> int:
        return sum(self.refunds.values())

    @property
    def is_unsettled(self) -> bool:
        """Whether the provider has not confirmed the last request, refunds included."""
        return self.status in UNSETTLED or bool(self.pending_refunds)


class PaymentChange(NamedTuple):
    """A payment after a change, with the ledger entries and events of that change."""

    payment: Payment
    entries: list[LedgerEntry]
    events: list[Event]


def without_entries(payment: Payment) -> PaymentChange:
    """A change that moves no money."""
    return PaymentChange(payment, [], [])


def create_payment(order_id: str, amount: Money, reference: str, at: str) -> Payment:
    return Payment(
        order_id=order_id,
        status=PaymentStatus.AUTHORIZING,
        amount=amount,
        reference=reference,
        created_at=at,
    )


def create_declined(order_id: str, amount: Money, reason: str, at: str) -> PaymentChange:
    """A payment whose token the provider rejected: declined, with no reference to void."""
    payment = Payment(
        order_id=order_id,
        status=PaymentStatus.DECLINED,
        amount=amount,
        reason=reason,
        created_at=at,
    )
    return PaymentChange(payment, [], [PaymentDeclined(order_id=order_id, reason=reason)])


def create_tombstone(order_id: str, at: str) -> Payment:
    """A voided payment of an order that had none; a later authorization returns `voided`."""
    return Payment(order_id=order_id, status=PaymentStatus.VOIDED, amount=NO_AMOUNT, created_at=at)


def mark_unknown(payment: Payment) -> Payment:
    """Authorization was requested, and the provider did not respond."""
    return _with_status(payment, PaymentStatus.UNKNOWN) if payment.status in UNDECIDED else payment


def start_void(payment: Payment) -> Payment:
    """From now on the payment is never authorized again. Raises AlreadyCaptured."""
    if payment.status in CAPTURING_OR_LATER:
        raise AlreadyCaptured(f"the payment of {payment.order_id} is {payment.status.value}")
    if payment.status in VOIDING_OR_VOIDED:
        return payment
    is_declined = payment.status is PaymentStatus.DECLINED
    return _with_status(payment, PaymentStatus.VOIDED if is_declined else PaymentStatus.VOIDING)


def start_capture(payment: Payment) -> Payment:
    if payment.status is not PaymentStatus.AUTHORIZED:
        return payment
    return _with_status(payment, PaymentStatus.CAPTURING)


def reject_capture(payment: Payment, reason: str | None) -> Payment:
    """The provider rejected the capture; the amount is still authorized."""
    if payment.status is not PaymentStatus.CAPTURING:
        return payment
    return msgspec.structs.replace(payment, status=PaymentStatus.AUTHORIZED, reason=reason)


def start_refund(payment: Payment, refund_id: str, amount: Money) -> Payment:
    """Reserve the amount for this refund, so that other refunds cannot use it.

    Returns the payment unchanged when this refund was started before with the same amount.
    Raises RefundRejected.
    """
    started = payment.refunds.get(refund_id, payment.pending_refunds.get(refund_id))
    if started is not None:
        if Money(started, payment.amount.currency) != amount:
            raise RefundRejected("amount-mismatch")
        return payment
    if payment.captured == 0:
        raise RefundRejected("not-captured")
    if amount.currency != payment.amount.currency or amount.amount <= 0:
        raise RefundRejected("invalid-amount")
    pending = payment.pending_refunds
    if amount.amount > payment.captured - payment.refunded - sum(pending.values()):
        raise RefundRejected("more-than-captured")
    return msgspec.structs.replace(payment, pending_refunds={**pending, refund_id: amount.amount})


def reject_refund(payment: Payment, refund_id: str) -> Payment:
    """The provider rejected the refund; its amount is available to other refunds again."""
    others = {key: value for key, value in payment.pending_refunds.items() if key != refund_id}
    return msgspec.structs.replace(payment, pending_refunds=others)


def complete_refund(payment: Payment, refund_id: str, at: str) -> PaymentChange:
    """The provider made the refund. No change when it is already recorded."""
    if refund_id not in payment.pending_refunds:
        return without_entries(payment)
    amount = Money(payment.pending_refunds[refund_id], payment.amount.currency)
    refunded = msgspec.structs.replace(
        reject_refund(payment, refund_id),
        refunds={**payment.refunds, refund_id: amount.amount},
    )
    if refunded.refunded == refunded.captured:
        refunded = _with_status(refunded, PaymentStatus.REFUNDED)
    entry = _entry(payment, "refund", amount.amount, at, key=f"refund#{refund_id}")
    event = PaymentRefunded(order_id=payment.order_id, refund_id=refund_id, amount=amount)
    return PaymentChange(refunded, [entry], [event])


def apply_provider_state(payment: Payment, state: ProviderState, at: str) -> PaymentChange:
    """Record the provider's state. A repeated, late or reordered state changes nothing.

    Money that moved is always recorded, even if the shop did not request it. The status only moves
    forward.
    """
    entries: list[LedgerEntry] = []
    events: list[Event] = []
    status = _next_status(payment, state)
    sums = {"authorized": payment.authorized, "captured": payment.captured}
    if state.authorized and not payment.authorized:
        sums["authorized"] = state.authorized
        entries.append(_entry(payment, "authorize", state.authorized, at))
        events.append(PaymentAuthorized(order_id=payment.order_id, amount=entries[-1].amount))
    if state.captured and not payment.captured and not payment.voided:
        sums["captured"] = state.captured
        entries.append(_entry(payment, "capture", state.captured, at))
        events.append(PaymentCaptured(order_id=payment.order_id, amount=entries[-1].amount))
    sums["voided"] = payment.voided
    if status is PaymentStatus.VOIDED and not payment.voided and sums["authorized"]:
        sums["voided"] = sums["authorized"] - sums["captured"]
        entries.append(_entry(payment, "void", sums["voided"], at))
        events.append(PaymentVoided(order_id=payment.order_id, amount=entries[-1].amount))
    reason = payment.reason
    if status is PaymentStatus.DECLINED and payment.status is not status:
        reason = state.reason or "card-declined"
        events.append(PaymentDeclined(order_id=payment.order_id, reason=reason))
    return PaymentChange(
        msgspec.structs.replace(payment, status=status, reason=reason, **sums), entries, events
    )


def _next_status(payment: Payment, state: ProviderState) -> PaymentStatus:
    current = payment.status
    match state.status:
        case "captured" if not payment.captured and not payment.voided:
            return PaymentStatus.CAPTURED
        case "voided" if current in UNSETTLED | {PaymentStatus.AUTHORIZED}:
            return PaymentStatus.VOIDED
        case "declined" if current in UNDECIDED:
            return PaymentStatus.DECLINED
        case "declined" if current is PaymentStatus.VOIDING:
            return PaymentStatus.VOIDED
        case "authorized" if current in UNDECIDED:
            return PaymentStatus.AUTHORIZED
        case "authorized" if (
            current in {PaymentStatus.VOIDED, PaymentStatus.DECLINED} and not payment.authorized
        ):
            return PaymentStatus.VOIDING  # authorized against expectation: void it again
        case "pending" if current in UNDECIDED:
            return PaymentStatus.PENDING
    return current


def _with_status(payment: Payment, status: PaymentStatus) -> Payment:
    return msgspec.structs.replace(payment, status=status)


def _entry(
    payment: Payment, entry_type: EntryType, amount: int, at: str, *, key: str = ""
) -> LedgerEntry:
    return LedgerEntry(
        key=key or entry_type,
        type=entry_type,
        amount=Money(amount, payment.amount.currency),
        reference=payment.reference or "",
        at=at,
    )
