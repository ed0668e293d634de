"""A payment: what is asked of the provider for one order, and the ledger of what it did."""

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
    from souk.kernel.facts import Fact


NOTHING = Money(0, "XXX")  # ISO 4217 for no currency


class Status(Enum):
    """Where a payment stands. Those that end in -ing are asked for, not known to be done."""

    AUTHORIZING = "authorizing"
    UNKNOWN = "unknown"  # asked to authorise, and no answer came
    PENDING = "pending"  # the provider needs time
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    VOIDING = "voiding"
    VOIDED = "voided"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    REFUNDED = "refunded"  # all of it


UNDECIDED = frozenset({Status.AUTHORIZING, Status.UNKNOWN, Status.PENDING})
UNSETTLED = UNDECIDED | {Status.VOIDING, Status.CAPTURING}
SET_ASIDE = frozenset({Status.AUTHORIZED, Status.CAPTURING, Status.CAPTURED, Status.REFUNDED})
LET_GO = frozenset({Status.VOIDING, Status.VOIDED})
TAKEN = frozenset({Status.CAPTURING, Status.CAPTURED, Status.REFUNDED})


class PaymentPending(Exception):
    """The provider needs time; ask again later."""


class PaymentUnknown(Exception):
    """The provider did not answer; ask again later, it is never authorised twice."""


class PaymentTaken(Exception):
    """The money was captured, or is about to be: it can be refunded, not let go."""


class PaymentMoved(Exception):
    """Between reading and writing, another call changed the payment; nothing was written."""


class RefundRefused(Exception):
    """The text is the reason, a slug."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider's books say of a payment at one moment; amounts in minor units.

    `open`: it knows of the payment and was not yet asked to set money aside. `authorized` stays
    what was set aside, also after it was captured or let go..
    """

    reference: str
    order_id: str
    status: Literal["open", "pending", "authorized", "declined", "voided", "captured"]
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    reason: str | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the ledger: money moved. Written once, never changed; `key` is its name."""

    key: str
    kind: Literal["authorize", "capture", "void", "refund"]
    amount: Money
    reference: str
    at: str


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One order's money. Captured and voided never exceed what was authorised, nor refunds
    (given, or only `asked` for) what was captured.

    Without `reference` the provider knows nothing of it: let go before anything was asked for,
    or declined at the door.
    """

    order_id: str
    status: Status
    began_at: str
    amount: Money
    reference: str | None = None
    authorized: int = 0
    captured: int = 0
    voided: int = 0
    refunds: dict[str, int] = {}
    asked: dict[str, int] = {}
    reason: str | None = None
    version: int = 0

    def __post_init__(self) -> None:
        if min(self.authorized, self.captured, self.voided) < 0:
            raise ValueError(f"the payment of {self.order_id} has a sum below zero")
        if self.captured + self.voided > self.authorized:
            raise ValueError(f"the payment of {self.order_id} ended more than was set aside")
        if self.refunded + sum(self.asked.values()) > self.captured:
            raise ValueError(f"the payment of {self.order_id} refunds more than was captured")

    @property
    def refunded(self) -> int:
        return sum(self.refunds.values())

    @property
    def unsettled(self) -> bool:
        """Whether something was asked of the provider and is not known to be done."""
        return self.status in UNSETTLED or bool(self.asked)


class Step(NamedTuple):
    """A payment as it is now, the entries that brought it there, and what is said of them."""

    payment: Payment
    entries: list[Entry]
    facts: list[Fact]


def plain(payment: Payment) -> Step:
    """A step that moves no money."""
    return Step(payment, [], [])


def begin(order_id: str, amount: Money, reference: str, at: str) -> Payment:
    return Payment(
        order_id=order_id,
        status=Status.AUTHORIZING,
        amount=amount,
        reference=reference,
        began_at=at,
    )


def refuse(order_id: str, amount: Money, reason: str, at: str) -> Step:
    """The provider would not even make it known: declined, with nothing to let go of."""
    payment = Payment(
        order_id=order_id, status=Status.DECLINED, amount=amount, reason=reason, began_at=at
    )
    return Step(payment, [], [PaymentDeclined(order_id=order_id, reason=reason)])


def tombstone(order_id: str, at: str) -> Payment:
    return Payment(order_id=order_id, status=Status.VOIDED, amount=NOTHING, began_at=at)


def doubt(payment: Payment) -> Payment:
    """The provider was asked to authorise and did not answer."""
    return _now(payment, Status.UNKNOWN) if payment.status in UNDECIDED else payment


def let_go(payment: Payment) -> Payment:
    """From here on it is never authorised again. Raises PaymentTaken."""
    if payment.status in TAKEN:
        raise PaymentTaken(f"the payment of {payment.order_id} is {payment.status.value}")
    if payment.status in LET_GO:
        return payment
    return _now(payment, Status.VOIDED if payment.status is Status.DECLINED else Status.VOIDING)


def ask_capture(payment: Payment) -> Payment:
    return _now(payment, Status.CAPTURING) if payment.status is Status.AUTHORIZED else payment


def capture_refused(payment: Payment, reason: str | None) -> Payment:
    """The provider would not, and the money is still set aside."""
    if payment.status is not Status.CAPTURING:
        return payment
    return msgspec.structs.replace(payment, status=Status.AUTHORIZED, reason=reason)


def ask_refund(payment: Payment, refund_id: str, amount: Money) -> Payment:
    """Keep the amount for this refund, so that two cannot give the same money back.

    Raises RefundRefused; asked for again with the same amount, nothing changes.
    """
    known = payment.refunds.get(refund_id, payment.asked.get(refund_id))
    if known is not None:
        if Money(known, payment.amount.currency) != amount:
            raise RefundRefused("another-amount")
        return payment
    if payment.captured == 0:
        raise RefundRefused("not-captured")
    if amount.currency != payment.amount.currency or amount.amount <= 0:
        raise RefundRefused("unfit-amount")
    if amount.amount > payment.captured - payment.refunded - sum(payment.asked.values()):
        raise RefundRefused("more-than-captured")
    return msgspec.structs.replace(payment, asked={**payment.asked, refund_id: amount.amount})


def refund_refused(payment: Payment, refund_id: str) -> Payment:
    left = {name: amount for name, amount in payment.asked.items() if name != refund_id}
    return msgspec.structs.replace(payment, asked=left)


def refund_done(payment: Payment, refund_id: str, at: str) -> Step:
    if refund_id not in payment.asked:
        return plain(payment)  # recorded before
    amount = Money(payment.asked[refund_id], payment.amount.currency)
    done = msgspec.structs.replace(
        refund_refused(payment, refund_id),
        refunds={**payment.refunds, refund_id: amount.amount},
    )
    if done.refunded == done.captured:
        done = _now(done, Status.REFUNDED)
    entry = _entry(payment, "refund", amount.amount, at, key=f"refund#{refund_id}")
    fact = PaymentRefunded(order_id=payment.order_id, refund_id=refund_id, amount=amount)
    return Step(done, [entry], [fact])


def hear(payment: Payment, standing: Standing, at: str) -> Step:
    """What the provider's word changes. Heard twice, late or out of order it changes nothing.

    Money that moved is always recorded, whatever we had wanted; the status only goes forward.
    """
    entries: list[Entry] = []
    facts: list[Fact] = []
    status = _after(payment, standing)
    sums = {"authorized": payment.authorized, "captured": payment.captured}
    if standing.authorized and not payment.authorized:
        sums["authorized"] = standing.authorized
        entries.append(_entry(payment, "authorize", standing.authorized, at))
        facts.append(PaymentAuthorized(order_id=payment.order_id, amount=entries[-1].amount))
    if standing.captured and not payment.captured and not payment.voided:
        sums["captured"] = standing.captured
        entries.append(_entry(payment, "capture", standing.captured, at))
        facts.append(PaymentCaptured(order_id=payment.order_id, amount=entries[-1].amount))
    sums["voided"] = payment.voided
    if status is Status.VOIDED and not payment.voided and sums["authorized"]:
        sums["voided"] = sums["authorized"] - sums["captured"]
        entries.append(_entry(payment, "void", sums["voided"], at))
        facts.append(PaymentVoided(order_id=payment.order_id, amount=entries[-1].amount))
    reason = payment.reason
    if status is Status.DECLINED and payment.status is not status:
        reason = standing.reason or "card-declined"
        facts.append(PaymentDeclined(order_id=payment.order_id, reason=reason))
    return Step(
        msgspec.structs.replace(payment, status=status, reason=reason, **sums), entries, facts
    )


def _after(payment: Payment, standing: Standing) -> Status:
    now = payment.status
    match standing.status:
        case "captured" if not payment.captured and not payment.voided:
            return Status.CAPTURED
        case "voided" if now in UNSETTLED | {Status.AUTHORIZED}:
            return Status.VOIDED
        case "declined" if now in UNDECIDED:
            return Status.DECLINED
        case "declined" if now is Status.VOIDING:
            return Status.VOIDED
        case "authorized" if now in UNDECIDED:
            return Status.AUTHORIZED
        case "authorized" if now in {Status.VOIDED, Status.DECLINED} and not payment.authorized:
            return Status.VOIDING  # set aside after all: to be let go again
        case "pending" if now in UNDECIDED:
            return Status.PENDING
    return now


def _now(payment: Payment, status: Status) -> Payment:
    return msgspec.structs.replace(payment, status=status)


def _entry(
    payment: Payment,
    kind: Literal["authorize", "capture", "void", "refund"],
    amount: int,
    at: str,
    *,
    key: str = "",
) -> Entry:
    return Entry(
        key=key or kind,
        kind=kind,
        amount=Money(amount, payment.amount.currency),
        reference=payment.reference or "",
        at=at,
    )
