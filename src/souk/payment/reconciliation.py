"""Resolves unsettled payments, and compares the provider's list of payments with the ledger.

Each payment in the provider's list is compared once, some minutes after its creation. A cursor in
the ledger marks how far the comparison got. A state that the ledger missed is recorded; a
difference that remains is reported.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from souk.kernel.clock import now, timestamp
from souk.payment import usecases
from souk.payment.domain import (
    AlreadyCaptured,
    Payment,
    PaymentPending,
    PaymentStatus,
    PaymentUnknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from souk.payment.domain import ProviderState
    from souk.payment.provider import Provider

SWEEP_AGE = timedelta(minutes=2)
"""A payment that changed more recently is left to the workflow."""

LISTING_DELAY = timedelta(minutes=5)
"""The provider's list is complete after this time."""

WINDOW = timedelta(minutes=1)
CHUNK_SIZE = 100  # payments read from the ledger in one call
CONSISTENT_STATUSES: dict[PaymentStatus, frozenset[str]] = {
    PaymentStatus.AUTHORIZED: frozenset({"authorized"}),
    PaymentStatus.DECLINED: frozenset({"declined", "voided"}),
    PaymentStatus.VOIDED: frozenset({"voided", "declined"}),
    PaymentStatus.CAPTURED: frozenset({"captured"}),
    PaymentStatus.REFUNDED: frozenset({"captured"}),
}
"""The provider's statuses that are consistent with each settled status of the ledger."""


class Ledger(usecases.Payments, Protocol):
    def get_many(self, order_ids: Sequence[str]) -> dict[str, Payment]: ...

    def unsettled_order_ids(self, before: str) -> Iterator[str]: ...

    def cursor(self) -> str | None: ...

    def move_cursor(self, until: str) -> None: ...


class Difference(NamedTuple):
    """A payment on which ledger and provider disagree. `payment` is None if the ledger has none."""

    provider_state: ProviderState
    payment: Payment | None


def resolve_unsettled(
    *, ledger: Ledger, provider: Provider, has_time: Callable[[], bool], log: Callable[..., None]
) -> None:
    """Resolve every payment that has been unsettled for SWEEP_AGE.

    A payment that cannot be resolved yet does not stop the others.
    """
    for order_id in ledger.unsettled_order_ids(timestamp(now() - SWEEP_AGE)):
        if not has_time():
            return
        payment = ledger.get(order_id)
        if payment is None or not payment.is_unsettled:
            continue
        try:
            payment = usecases.resolve(payment, payments=ledger, provider=provider)
        except (PaymentUnknown, PaymentPending, AlreadyCaptured) as error:
            log("still unsettled", order_id=order_id, reason=type(error).__name__)
        else:
            log("settled", order_id=order_id, status=payment.status.value)


def compare(
    *,
    ledger: Ledger,
    provider: Provider,
    has_time: Callable[[], bool],
    report: Callable[[Difference], None],
) -> None:
    """Compare the provider's list with the ledger, window by window from the cursor on.

    Raises ProviderUnavailable; the cursor then marks the last complete window.
    """
    last = now() - LISTING_DELAY
    cursor = ledger.cursor()
    start = datetime.fromisoformat(cursor) if cursor else last - WINDOW
    while (end := start + WINDOW) <= last and has_time():
        for states in _chunks(provider.list(timestamp(start), timestamp(end))):
            payments = ledger.get_many([state.order_id for state in states])
            for state in states:
                payment = payments.get(state.order_id)
                if difference := _find_difference(state, payment, ledger, provider):
                    report(difference)
        ledger.move_cursor(timestamp(end))
        start = end


def _find_difference(
    state: ProviderState, payment: Payment | None, ledger: Ledger, provider: Provider
) -> Difference | None:
    """Reads both sides again before reporting: the payment may have changed between two reads."""
    if is_consistent(payment, state):
        return None
    state = provider.find(state.reference)
    payment = ledger.get(state.order_id)
    if payment and payment.reference == state.reference:
        payment = usecases.apply_provider_state(payment, state, payments=ledger)
    return None if is_consistent(payment, state) else Difference(state, payment)


def is_consistent(payment: Payment | None, state: ProviderState) -> bool:
    """Whether ledger and provider agree.

    An unsettled payment is not compared yet. A payment without an authorized amount may be
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
