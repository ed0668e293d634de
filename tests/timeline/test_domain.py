"""How events become the entries of a timeline."""

from __future__ import annotations

from souk.kernel.ids import new_id
from souk.kernel.money import Money
from souk.ordering import domain as ordering
from souk.timeline.domain import REJECTION_MESSAGES, build_timeline, find_owner, trim_data
from tests.timeline.builders import ADA, a_received_event, events_of_a_delivered_order


def test_a_timeline_has_the_steps_that_a_customer_understands() -> None:
    entries = build_timeline(events_of_a_delivered_order(new_id()))

    assert [entry.type for entry in entries] == ["placed", "confirmed", "dispatched", "delivered"]


def test_a_dispatched_parcel_has_a_carrier_and_a_tracking_number() -> None:
    dispatched = a_received_event(
        "ShipmentDispatched", "delivery", carrier="Swift", tracking_number="SW1"
    )

    (entry,) = build_timeline([dispatched])

    assert (entry.carrier, entry.tracking_number) == ("Swift", "SW1")
    assert entry.message == "Your parcel was dispatched with Swift. Tracking number: SW1."


def test_a_rejection_states_its_reason() -> None:
    (entry,) = build_timeline([a_received_event("OrderRejected", reason="payment-declined")])

    assert entry.reason == "payment-declined"
    assert entry.message == "Your payment was declined. You were not charged."


def test_a_rejection_has_the_same_message_as_the_order() -> None:
    assert ordering.REJECTION_MESSAGES == REJECTION_MESSAGES


def test_a_rejection_for_an_unknown_reason_has_a_general_message() -> None:
    (entry,) = build_timeline([a_received_event("OrderRejected", reason="moon-phase")])

    assert entry.message == "Your order could not be completed."


def test_each_refund_is_one_entry_even_when_its_event_is_repeated() -> None:
    first = {"amount": {"amount": 500, "currency": "GBP"}, "refund_id": "r-1"}
    second = {"amount": {"amount": 200, "currency": "GBP"}, "refund_id": "r-2"}
    events = [
        a_received_event("PaymentRefunded", "payment", second=n, **data)
        for n, data in enumerate((first, second, first))
    ]

    entries = build_timeline(events)

    assert [entry.amount for entry in entries] == [Money(500, "GBP"), Money(200, "GBP")]


def test_a_cancellation_is_first_requested_and_then_done() -> None:
    events = [
        a_received_event(
            "CancellationRequested", second=1, requested_at="2026-11-24T12:00:01.000Z"
        ),
        a_received_event("OrderCancelled", second=2, cancelled_at="2026-11-24T12:00:02.000Z"),
        a_received_event("PaymentVoided", "payment", second=3),
    ]

    types = [entry.type for entry in build_timeline(events)]

    assert types == ["cancellation-requested", "cancelled"]


def test_a_cancellation_by_staff_has_another_message_than_one_by_the_customer() -> None:
    messages = [
        build_timeline([a_received_event("CancellationRequested", by_staff=by_staff)])[0].message
        for by_staff in (True, False)
    ]

    assert messages == [
        "We cannot send your order and are cancelling it.",
        "You asked us to cancel your order.",
    ]


def test_an_entry_has_the_time_that_its_event_states() -> None:
    late = a_received_event(
        "ParcelDelivered", "delivery", second=9, delivered_at="2026-11-24T08:30:00.000Z"
    )

    (entry,) = build_timeline([late])

    assert entry.at == "2026-11-24T08:30:00.000Z"


def test_the_owner_of_an_order_is_in_any_event_that_names_one() -> None:
    without_owner = a_received_event("StockReserved", "inventory", order_id="o")

    assert find_owner([without_owner]) is None
    assert find_owner([without_owner, a_received_event("OrderPlaced", owner=ADA)]) == ADA


def test_a_payment_token_is_not_stored() -> None:
    assert trim_data({"order_id": "o", "payment_token": "tok_ok"}) == {"order_id": "o"}


def test_three_of_a_thousand_lines_are_stored_with_their_count() -> None:
    stored = trim_data({"lines": [{"sku": str(n)} for n in range(1000)]})

    assert stored == {"lines": [{"sku": "0"}, {"sku": "1"}, {"sku": "2"}], "lines_count": 1000}
