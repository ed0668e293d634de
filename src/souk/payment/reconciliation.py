"""Resolves unsettled payments, and compares the provider's list of payments with the ledger.

A payment is unsettled while the provider has not confirmed its last request.

Each payment in the provider's list is compared about five minutes after its creation, usually
once; later changes are not compared. A cursor in the ledger marks how far the comparison got. A
state that the ledger missed is recorded; a difference that remains is reported.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple, Protocol

from souk.kernel.clock import now, timestamp
from souk.kernel.logs import logger
from souk.payment import usecases
from souk.payment.domain import (
    AlreadyCaptured,
    Payment,
    PaymentPending,
    PaymentStatus,
    PaymentUnknown,
)
from souk.payment.provider import ProviderUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from souk.payment.domain import ProviderState
    from souk.payment.provider import Provider

RECONCILE_AGE = timedelta(minutes=2)
"""A payment is resolved if it did not change for this long; others are left to the workflow."""

LISTING_DELAY = timedelta(minutes=5)
"""The provider's list is complete after this time."""

WINDOW = timedelta(minutes=1)
"""Payments are listed by time of creation, this much at once. The cursor moves by one window."""

CHUNK_SIZE = 100  # payments read from the ledger in one call
CONSISTENT_STATUSES: dict[PaymentStatus, frozenset[str]] = {
    PaymentStatus.AUTHORIZED: frozenset({"authorized"}),
    PaymentStatus.DECLINED: frozenset({"declined", "voided"}),
    PaymentStatus.VOIDED: frozenset({"voided", "declined"}),
    PaymentStatus.CAPTURED: frozenset({"captured"}),
    PaymentStatus.REFUNDED: frozenset({"captured"}),
}
"""The provider's statuses that are consistent with each settled status of the ledger."""


class PaymentLedger(usecases.Payments, Protocol):
    """Times are UTC, ISO 8601."""

    def get_many(self, order_ids: Sequence[str]) -> dict[str, Payment]:
        """The payments that exist, by order id. Raises Busy."""

    def unsettled_order_ids(self, before: str) -> Iterator[str]:
        """Orders whose payment is unsettled and last changed before this time, oldest first."""

    def cursor(self) -> str | None:
        """The time up to which the provider's list was compared; None if it never was."""

    def move_cursor(self, until: str) -> None: ...


class ReconciliationFailed(Exception):
    """Errors prevented some unsettled payments from being resolved; the log has them."""


class Difference(NamedTuple):
    """A payment on which ledger and provider disagree. `payment` is None if the ledger has none."""

    provider_state: ProviderState
    payment: Payment | None


def reconcile(
    *,
    ledger: PaymentLedger,
    provider: Provider,
    has_time: Callable[[], bool],
    report: Callable[[Difference], None],
) -> None:
    """Resolve unsettled payments, then compare the provider's list with the ledger.

    Stops when there is no time left; the next run continues.
    Raises ReconciliationFailed at the end, Busy.
    """
    failed = resolve_unsettled(ledger=ledger, provider=provider, has_time=has_time)
    try:
        compare(ledger=ledger, provider=provider, has_time=has_time, report=report)
    except ProviderUnavailable:
        logger.warning("the provider's list is unavailable; the next run continues")
    if failed:
        raise ReconciliationFailed(f"{failed} payments could not be resolved; see the log")


def resolve_unsettled(
    *, ledger: PaymentLedger, provider: Provider, has_time: Callable[[], bool]
) -> int:
    """Resolve every payment that is unsettled and did not change for RECONCILE_AGE.

    A payment that cannot be resolved yet, or raises an error, does not stop the others. Returns
    the number of payments that raised an error.
    """
    failed = 0
    order_ids = ledger.unsettled_order_ids(timestamp(now() - RECONCILE_AGE))
    for order_id in takewhile(lambda _: has_time(), order_ids):
        try:
            _resolve(order_id, ledger, provider)
        except Exception:  # noqa: BLE001  counted, for ReconciliationFailed
            failed += 1
            logger.exception("payment not resolved", order_id=order_id)
    return failed


def _resolve(order_id: str, ledger: PaymentLedger, provider: Provider) -> None:
    payment = ledger.get(order_id)
    if payment is None or not payment.is_unsettled:
        return
    try:
        payment = usecases.resolve(payment, payments=ledger, provider=provider)
    except (PaymentUnknown, PaymentPending) as error:
        logger.info("still unsettled", order_id=order_id, reason=type(error).__name__)
    except AlreadyCaptured:  # the ledger has the capture by now
        logger.info("settled", order_id=order_id, status=PaymentStatus.CAPTURED.value)
    else:
        message = "still unsettled" if payment.is_unsettled else "settled"
        logger.info(message, order_id=order_id, status=payment.status.value)


def compare(
    *,
    ledger: PaymentLedger,
    provider: Provider,
    has_time: Callable[[], bool],
    report: Callable[[Difference], None],
) -> None:
    """Compare the provider's list with the ledger, window by window from the cursor on.

    Stops when there is no time left; the next run continues. A window that was not completed is
    compared again, so a difference in it may be reported again.
    Raises ProviderUnavailable, Busy; the cursor then marks the last complete window.
    """
    last = now() - LISTING_DELAY
    cursor = ledger.cursor()
    start = datetime.fromisoformat(cursor) if cursor else last - WINDOW
    while (end := start + WINDOW) <= last and has_time():
        for states in _chunks(provider.list(timestamp(start), timestamp(end))):
            payments = ledger.get_many([state.order_id for state in states])
            for state in states:
                payment = payments.get(state.order_id)
                difference = _record_state_or_find_difference(state, payment, ledger, provider)
                if difference:
                    report(difference)
        ledger.move_cursor(timestamp(end))
        start = end


def _record_state_or_find_difference(
    state: ProviderState, payment: Payment | None, ledger: PaymentLedger, provider: Provider
) -> Difference | None:
    """Record a provider's state that the ledger missed. Returns the difference that remains.

    Reads both sides again first: the payment may have changed between two reads.
    """
    if is_consistent(payment, state):
        return None
    state = provider.find(state.reference)
    payment = ledger.get(state.order_id)
    if payment and payment.reference == state.reference:
        payment = usecases.apply_provider_state(payment, state, payments=ledger)
    return None if is_consistent(payment, state) else Difference(state, payment)


def is_consistent(payment: Payment | None, state: ProviderState) -> bool:
    """Whether ledger and provider agree.

    An unsettled payment counts as consistent. A payment without an authorized amount may be
    missing from the ledger.
    """
    if payment is None or payment.reference != state.reference:
        return not state.authorized
    if payment.is_unsettled:
        return True
    ledger_sums = (payment.authorized, payment.captured, payment.refunded)
    provider_sums = (state.authorized, state.captured, state.refunded)
    return ledger_sums == provider_sums and state.status in CONSISTENT_STATUSES[payment.status]


def _chunks(states: Iterable[ProviderState]) -> Iterator[list[ProviderState]]:
    remaining = iter(states)
    while chunk := list(islice(remaining, CHUNK_SIZE)):
        yield chunk
