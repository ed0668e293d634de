"""The ledger, in memory and on DynamoDB; some tests need the real table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from souk.kernel.clock import now, timestamp
from souk.kernel.dynamo import ConditionFailed
from souk.kernel.errors import ConcurrentUpdate
from souk.payment import domain, events
from souk.payment.domain import Payment, PaymentChange, PaymentStatus, without_entries
from tests.payment.builders import TOTAL, a_provider_state, pounds
from tests.payment.fakes import FakePayments, StoredPayments

Payments = FakePayments | StoredPayments
AT = "2026-11-24T12:00:00.000Z"


def start_payment(payments: Payments, order_id: str = "o-1") -> Payment:
    change = without_entries(domain.create_payment(order_id, TOTAL, f"ref-{order_id}", AT))
    return payments.save(None, change)


def authorize_payment(payments: Payments) -> Payment:
    payment = start_payment(payments)
    return payments.save(payment, domain.apply_provider_state(payment, a_provider_state(), AT))


def test_a_saved_payment_can_be_read(payments: Payments) -> None:
    payment = start_payment(payments)

    assert payments.get("o-1") == payment
    assert payments.get("o-2") is None
    assert payments.get_many(["o-1", "o-2"]) == {"o-1": payment}


def test_every_field_is_stored(payments: Payments) -> None:
    payment = authorize_payment(payments)
    payment = payments.save(
        payment, domain.apply_provider_state(payment, a_provider_state("captured"), AT)
    )
    payment = payments.save(
        payment, without_entries(domain.start_refund(payment, "r-1", pounds(1000)))
    )
    payment = payments.save(payment, domain.complete_refund(payment, "r-1", AT))
    payment = payments.save(
        payment, without_entries(domain.start_refund(payment, "r-2", pounds(500)))
    )

    assert payments.get("o-1") == payment
    assert (payment.refunds, payment.pending_refunds, payment.version) == (
        {"r-1": 1000},
        {"r-2": 500},
        6,
    )


def test_a_tombstone_has_neither_amount_nor_reference(payments: Payments) -> None:
    payments.save(None, without_entries(domain.create_tombstone("o-1", AT)))

    payment = payments.get("o-1")
    assert payment
    assert (payment.status, payment.amount, payment.reference) == (
        PaymentStatus.VOIDED,
        domain.NO_AMOUNT,
        None,
    )


def test_payment_entry_and_event_are_written_together(payments: Payments) -> None:
    payment = authorize_payment(payments)

    (entry,) = payments.entries("o-1")
    assert payments.get("o-1") == payment
    assert (entry.key, entry.type, entry.amount) == ("authorize", "authorize", TOTAL)
    assert (entry.reference, entry.at) == ("ref-o-1", AT)
    assert payments.published == [events.PaymentAuthorized(order_id="o-1", amount=TOTAL)]


def test_a_payment_cannot_be_created_twice(payments: Payments) -> None:
    start_payment(payments)

    with pytest.raises(ConcurrentUpdate):
        start_payment(payments)


def test_an_outdated_change_is_rejected_and_publishes_nothing(payments: Payments) -> None:
    payment = start_payment(payments)
    payments.save(payment, without_entries(domain.start_void(payment)))

    with pytest.raises(ConcurrentUpdate):
        payments.save(payment, domain.apply_provider_state(payment, a_provider_state(), AT))
    with pytest.raises(ConcurrentUpdate):
        payments.save(payment, without_entries(domain.mark_unknown(payment)))

    assert payments.entries("o-1") == []
    assert payments.published == []


def test_only_old_unsettled_payments_are_listed(payments: Payments) -> None:
    start_payment(payments, "o-2")
    authorize_payment(payments)
    later, earlier = (timestamp(now() + timedelta(minutes=minutes)) for minutes in (1, -1))

    assert list(payments.unsettled_order_ids(later)) == ["o-2"]
    assert list(payments.unsettled_order_ids(earlier)) == []


def test_a_payment_with_a_pending_refund_is_unsettled(payments: Payments) -> None:
    payment = authorize_payment(payments)
    payment = payments.save(
        payment, domain.apply_provider_state(payment, a_provider_state("captured"), AT)
    )
    payments.save(payment, without_entries(domain.start_refund(payment, "r-1", TOTAL)))

    assert list(payments.unsettled_order_ids(timestamp(now() + timedelta(minutes=1)))) == ["o-1"]


def test_the_cursor_is_stored(payments: Payments) -> None:
    assert payments.cursor() is None

    payments.move_cursor(AT)

    assert payments.cursor() == AT


@pytest.mark.cloud
def test_of_eight_concurrent_creations_one_succeeds(table: str) -> None:
    payments = StoredPayments(table)

    def create(_: int) -> bool:
        try:
            start_payment(payments)
        except ConcurrentUpdate:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(8))) == 1


@pytest.mark.cloud
def test_an_entry_is_never_overwritten(table: str) -> None:
    payments = StoredPayments(table)
    payment = authorize_payment(payments)
    (entry,) = payments.entries("o-1")

    with pytest.raises(ConditionFailed):
        payments.save(payment, PaymentChange(payment, [entry], []))

    assert payments.get("o-1") == payment
