"""What the ledger promises, wherever it is kept; and what only the table has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from souk.kernel.clock import now, stamp
from souk.kernel.dynamo import ConditionFailed
from souk.payment import domain, events
from souk.payment.domain import Payment, PaymentMoved, Status, Step, plain
from tests.payment.builders import TOTAL, a_standing, pounds
from tests.payment.fakes import FakePayments, StoredPayments

Payments = FakePayments | StoredPayments
AT = "2026-11-24T12:00:00.000Z"


def begun(payments: Payments, order_id: str = "o-1") -> Payment:
    step = plain(domain.begin(order_id, TOTAL, f"ref-{order_id}", AT))
    return payments.save(None, step)


def authorized(payments: Payments) -> Payment:
    payment = begun(payments)
    return payments.save(payment, domain.hear(payment, a_standing(), AT))


def test_a_payment_is_read_as_it_was_kept(payments: Payments) -> None:
    payment = begun(payments)

    assert payments.get("o-1") == payment
    assert payments.get("o-2") is None
    assert payments.get_many(["o-1", "o-2"]) == {"o-1": payment}


def test_every_field_comes_back(payments: Payments) -> None:
    payment = authorized(payments)
    payment = payments.save(payment, domain.hear(payment, a_standing("captured"), AT))
    payment = payments.save(payment, plain(domain.ask_refund(payment, "r-1", pounds(1000))))
    payment = payments.save(payment, domain.refund_done(payment, "r-1", AT))
    payment = payments.save(payment, plain(domain.ask_refund(payment, "r-2", pounds(500))))

    assert payments.get("o-1") == payment
    assert (payment.refunds, payment.asked, payment.version) == ({"r-1": 1000}, {"r-2": 500}, 6)


def test_a_tombstone_has_neither_amount_nor_reference(payments: Payments) -> None:
    payments.save(None, plain(domain.tombstone("o-1", AT)))

    kept = payments.get("o-1")
    assert kept
    assert (kept.status, kept.amount, kept.reference) == (Status.VOIDED, domain.NOTHING, None)


def test_state_entry_and_fact_are_kept_together(payments: Payments) -> None:
    payment = authorized(payments)

    (entry,) = payments.entries("o-1")
    assert payments.get("o-1") == payment
    assert (entry.key, entry.kind, entry.amount) == ("authorize", "authorize", TOTAL)
    assert (entry.reference, entry.at) == ("ref-o-1", AT)
    assert payments.said == [events.PaymentAuthorized(order_id="o-1", amount=TOTAL)]


def test_the_second_of_two_who_begin_is_refused(payments: Payments) -> None:
    begun(payments)

    with pytest.raises(PaymentMoved):
        begun(payments)


def test_the_second_of_two_who_change_it_is_refused_and_says_nothing(payments: Payments) -> None:
    payment = begun(payments)
    payments.save(payment, plain(domain.let_go(payment)))

    with pytest.raises(PaymentMoved):
        payments.save(payment, domain.hear(payment, a_standing(), AT))
    with pytest.raises(PaymentMoved):
        payments.save(payment, plain(domain.doubt(payment)))

    assert payments.entries("o-1") == []
    assert payments.said == []


def test_only_what_is_unsettled_and_old_enough_is_listed(payments: Payments) -> None:
    begun(payments, "o-2")
    authorized(payments)
    later, earlier = (stamp(now() + timedelta(minutes=by)) for by in (1, -1))

    assert list(payments.unsettled(later)) == ["o-2"]
    assert list(payments.unsettled(earlier)) == []


def test_a_payment_with_a_refund_under_way_is_unsettled(payments: Payments) -> None:
    payment = authorized(payments)
    payment = payments.save(payment, domain.hear(payment, a_standing("captured"), AT))
    payments.save(payment, plain(domain.ask_refund(payment, "r-1", TOTAL)))

    assert list(payments.unsettled(stamp(now() + timedelta(minutes=1)))) == ["o-1"]


def test_the_cursor_is_where_it_was_moved_to(payments: Payments) -> None:
    assert payments.cursor() is None

    payments.move_cursor(AT)

    assert payments.cursor() == AT


@pytest.mark.cloud
def test_of_eight_who_begin_at_the_same_moment_one_does(table: str) -> None:
    payments = StoredPayments(table)

    def one(_: int) -> bool:
        try:
            begun(payments)
        except PaymentMoved:
            return False
        return True

    with ThreadPoolExecutor(8) as callers:
        assert sum(callers.map(one, range(8))) == 1


@pytest.mark.cloud
def test_an_entry_is_never_written_over(table: str) -> None:
    payments = StoredPayments(table)
    payment = authorized(payments)
    (entry,) = payments.entries("o-1")

    with pytest.raises(ConditionFailed):
        payments.save(payment, Step(payment, [entry], []))

    assert payments.get("o-1") == payment
