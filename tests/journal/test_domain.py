"""How an order's story reads."""

from __future__ import annotations

from souk.journal.domain import abridged, owner_of, timeline
from souk.kernel.ids import new_id
from souk.kernel.money import Money
from tests.journal.builders import ADA, a_delivered_order, a_fact


def test_a_customer_reads_the_steps_they_understand() -> None:
    entries = timeline(a_delivered_order(new_id()))

    assert [entry.slug for entry in entries] == ["placed", "confirmed", "dispatched", "delivered"]


def test_a_dispatched_parcel_can_be_followed() -> None:
    sent = a_fact("ShipmentDispatched", "delivery", carrier="Swift", tracking_number="SW1")

    (entry,) = timeline([sent])

    assert (entry.carrier, entry.tracking_number) == ("Swift", "SW1")
    assert entry.says == "Your parcel is on its way with Swift. Its number is SW1."


def test_a_rejection_says_why() -> None:
    (entry,) = timeline([a_fact("OrderRejected", reason="payment-declined")])

    assert entry.reason == "payment-declined"
    assert entry.says == "Your payment was declined; you were not charged."


def test_a_reason_nobody_here_knows_is_told_in_general_words() -> None:
    (entry,) = timeline([a_fact("OrderRejected", reason="moon-phase")])

    assert entry.says == "Your order could not be completed."


def test_each_refund_is_a_step_and_one_said_twice_is_one() -> None:
    first = {"amount": {"amount": 500, "currency": "GBP"}, "refund_id": "r-1"}
    second = {"amount": {"amount": 200, "currency": "GBP"}, "refund_id": "r-2"}
    said = [
        a_fact("PaymentRefunded", "payment", second=n, **data)
        for n, data in enumerate((first, second, first))
    ]

    entries = timeline(said)

    assert [entry.amount for entry in entries] == [Money(500, "GBP"), Money(200, "GBP")]


def test_a_cancellation_reads_as_it_went() -> None:
    said = [
        a_fact("CancellationRequested", second=1, requested_at="2026-11-24T12:00:01.000Z"),
        a_fact("OrderCancelled", second=2, cancelled_at="2026-11-24T12:00:02.000Z"),
        a_fact("PaymentVoided", "payment", second=3),
    ]

    assert [entry.slug for entry in timeline(said)] == ["cancellation-asked", "cancelled"]


def test_a_cancellation_by_the_shop_is_not_told_as_the_customer_s() -> None:
    told = [
        timeline([a_fact("CancellationRequested", by_staff=by_staff)])[0].says
        for by_staff in (True, False)
    ]

    assert told == [
        "We cannot send your order and are cancelling it.",
        "You asked us to cancel your order.",
    ]


def test_a_step_has_the_moment_its_fact_names() -> None:
    late = a_fact("ParcelDelivered", "delivery", second=9, delivered_at="2026-11-24T08:30:00.000Z")

    (entry,) = timeline([late])

    assert entry.at == "2026-11-24T08:30:00.000Z"


def test_any_fact_that_names_an_owner_tells_whose_order_it_is() -> None:
    nobodys = a_fact("StockReserved", "inventory", order_id="o")

    assert owner_of([nobodys]) is None
    assert owner_of([nobodys, a_fact("OrderPlaced", owner=ADA)]) == ADA


def test_a_story_keeps_no_payment_token() -> None:
    assert abridged({"order_id": "o", "payment_token": "tok_ok"}) == {"order_id": "o"}


def test_of_a_thousand_lines_a_story_keeps_three_and_how_many_there_were() -> None:
    kept = abridged({"lines": [{"sku": str(n)} for n in range(1000)]})

    assert kept == {"lines": [{"sku": "0"}, {"sku": "1"}, {"sku": "2"}], "lines_count": 1000}
