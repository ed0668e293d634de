"""What was left unsettled goes on, and the provider's books are compared with the ledger.

Each payment the provider lists is compared once, some minutes after it was made known there,
step by step behind a cursor. What we missed is recorded; what that does not explain is told.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from souk.kernel.clock import now, stamp
from souk.payment import usecases
from souk.payment.domain import Payment, PaymentPending, PaymentTaken, PaymentUnknown, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from souk.payment.domain import Standing
    from souk.payment.provider import Provider

AGE = timedelta(minutes=2)  # what is younger is still the workflow's
LISTED = timedelta(minutes=5)  # by then the provider's list shows it
STEP = timedelta(minutes=1)
CHUNK = 100
SHOWN: dict[Status, frozenset[str]] = {
    Status.AUTHORIZED: frozenset({"authorized"}),
    Status.DECLINED: frozenset({"declined", "voided"}),
    Status.VOIDED: frozenset({"voided", "declined"}),
    Status.CAPTURED: frozenset({"captured"}),
    Status.REFUNDED: frozenset({"captured"}),
}
"""How a settled payment stands in the provider's books."""


class Ledger(usecases.Payments, Protocol):
    def get_many(self, order_ids: Sequence[str]) -> dict[str, Payment]: ...

    def unsettled(self, before: str) -> Iterator[str]: ...

    def cursor(self) -> str | None: ...

    def move_cursor(self, until: str) -> None: ...


class Difference(NamedTuple):
    """A payment the ledger and the provider tell differently; `payment` None: only theirs."""

    standing: Standing
    payment: Payment | None


def settle(
    *, ledger: Ledger, provider: Provider, has_time: Callable[[], bool], say: Callable[..., None]
) -> None:
    """Go on with every payment left unsettled; one that cannot be yet keeps nobody waiting."""
    for order_id in ledger.unsettled(stamp(now() - AGE)):
        if not has_time():
            return
        payment = ledger.get(order_id)
        if payment is None or not payment.unsettled:
            continue
        try:
            payment = usecases.resolve(payment, payments=ledger, provider=provider)
        except (PaymentUnknown, PaymentPending, PaymentTaken) as error:
            say("still unsettled", order_id=order_id, reason=type(error).__name__)
        else:
            say("settled", order_id=order_id, status=payment.status.value)


def compare(
    *,
    ledger: Ledger,
    provider: Provider,
    has_time: Callable[[], bool],
    tell: Callable[[Difference], None],
) -> None:
    """Move on along the provider's list; `tell` hears of each difference.

    Raises NoAnswer; the cursor is where it got to, and the next run goes on from there.
    """
    last = now() - LISTED
    kept = ledger.cursor()
    begun = datetime.fromisoformat(kept) if kept else last - STEP
    while (end := begun + STEP) <= last and has_time():
        for some in _chunks(provider.list(stamp(begun), stamp(end))):
            known = ledger.get_many([each.order_id for each in some])
            for standing in some:
                if found := _difference(standing, known.get(standing.order_id), ledger, provider):
                    tell(found)
        ledger.move_cursor(stamp(end))
        begun = end


def _difference(
    standing: Standing, payment: Payment | None, ledger: Ledger, provider: Provider
) -> Difference | None:
    """Looked at twice: between two readings a payment may move on."""
    if agree(payment, standing):
        return None
    standing = provider.find(standing.reference)
    payment = ledger.get(standing.order_id)
    if payment and payment.reference == standing.reference:
        payment = usecases.hear(payment, standing, payments=ledger)
    return None if agree(payment, standing) else Difference(standing, payment)


def agree(payment: Payment | None, standing: Standing) -> bool:
    """Unsettled ones are not compared yet; one without money needs no payment of ours."""
    if payment is None or payment.reference != standing.reference:
        return not standing.authorized
    if payment.unsettled:
        return True
    sums = (payment.authorized, payment.captured, payment.refunded)
    theirs = (standing.authorized, standing.captured, standing.refunded)
    return sums == theirs and standing.status in SHOWN[payment.status]


def _chunks(standings: Iterable[Standing]) -> Iterator[list[Standing]]:
    left = iter(standings)
    while some := list(islice(left, CHUNK)):
        yield some
