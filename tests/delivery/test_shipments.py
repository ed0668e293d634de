"""Shipments, in the fake and in DynamoDB: dispatched or cancelled, and each only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.delivery.domain import (
    AlreadyCancelled,
    CaptureResult,
    CaptureUnknown,
    ParcelNotFound,
    Shipment,
    ShipmentStatus,
    TrackingNumberInUse,
)
from souk.delivery.events import ParcelDelivered, ShipmentCancelled, ShipmentDispatched
from souk.delivery.usecases import (
    complete_dispatch,
    create_shipment,
    dispatch,
    get_shipment,
    record_delivery,
    request_cancellation,
)
from souk.kernel.errors import NotFound
from souk.kernel.events import Cause, caused_by
from souk.kernel.ids import new_id
from tests.delivery.builders import ADA, a_label, a_shipment
from tests.delivery.fakes import FakePayment, FakeShipments, StoredShipments

if TYPE_CHECKING:
    Shipments = FakeShipments | StoredShipments

FAILED = CaptureResult(captured=False, reason="insufficient-funds")


def confirm_order(shipments: Shipments, order_id: str = "") -> str:
    order_id = order_id or new_id()
    create_shipment(order_id, ADA, "contact-1", shipments=shipments)
    return order_id


def cancel(shipments: Shipments, order_id: str) -> Shipment:
    return request_cancellation(order_id, ADA, shipments=shipments)


def status(shipments: Shipments, order_id: str) -> ShipmentStatus:
    shipment = shipments.get(order_id)
    assert shipment
    return shipment.status


def event_types(shipments: Shipments) -> list[type]:
    return [type(event) for event in shipments.published]


def test_an_order_confirmed_twice_has_one_shipment(shipments: Shipments) -> None:
    order_id = confirm_order(shipments)
    first = shipments.get(order_id)

    confirm_order(shipments, order_id)

    assert shipments.get(order_id) == first
    assert get_shipment(order_id, shipments=shipments).status is ShipmentStatus.READY


def test_a_parcel_is_dispatched_after_the_capture_and_only_once(shipments: Shipments) -> None:
    order_id, payment = confirm_order(shipments), FakePayment()

    first = dispatch(order_id, a_label(), shipments=shipments, capture=payment)
    second = dispatch(order_id, a_label("SP-other"), shipments=shipments, capture=payment)

    assert first == second == shipments.get(order_id)
    assert payment.calls == [order_id]
    assert shipments.published == [
        ShipmentDispatched(
            order_id=order_id,
            owner=ADA,
            contact_id="contact-1",
            shipment_id=first.shipment_id,
            carrier="souk-post",
            tracking_number="SP-1",
            dispatched_at=first.dispatched_at or "",
        )
    ]


def test_a_failed_capture_is_recorded_with_its_reason(shipments: Shipments) -> None:
    order_id = confirm_order(shipments)

    failed = dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment(FAILED))

    assert (failed.status, failed.reason) == (ShipmentStatus.CAPTURE_FAILED, "insufficient-funds")
    assert shipments.published == []


def test_after_a_failed_capture_the_parcel_can_be_dispatched_with_another_tracking_number(
    shipments: Shipments,
) -> None:
    order_id, payment = confirm_order(shipments), FakePayment(FAILED)
    dispatch(order_id, a_label("SP-1"), shipments=shipments, capture=payment)

    after = dispatch(order_id, a_label("SP-2"), shipments=shipments, capture=payment)

    assert (after.status, after.label, after.reason) == (
        ShipmentStatus.DISPATCHED,
        a_label("SP-2"),
        None,
    )


def test_a_cancellation_after_a_failed_capture_cancels_the_shipment(shipments: Shipments) -> None:
    order_id = confirm_order(shipments)
    dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment(FAILED))

    cancel(shipments, order_id)

    assert status(shipments, order_id) is ShipmentStatus.CANCELLED
    assert event_types(shipments) == [ShipmentCancelled]


def test_while_payment_does_not_respond_the_shipment_stays_dispatching_and_is_retried(
    shipments: Shipments,
) -> None:
    order_id, payment = confirm_order(shipments), FakePayment(None, None)

    for _ in range(2):
        with pytest.raises(CaptureUnknown):
            dispatch(order_id, a_label(), shipments=shipments, capture=payment)
    dispatching = list(shipments.dispatching())
    found = get_shipment(order_id, shipments=shipments)
    after = complete_dispatch(found, shipments=shipments, capture=payment)

    assert dispatching == [order_id]
    assert after.status is ShipmentStatus.DISPATCHED
    assert event_types(shipments) == [ShipmentDispatched]
    assert list(shipments.dispatching()) == []


def test_a_cancellation_before_dispatch_cancels_the_shipment(shipments: Shipments) -> None:
    order_id, payment = confirm_order(shipments), FakePayment()

    cancel(shipments, order_id)
    cancel(shipments, order_id)
    with pytest.raises(AlreadyCancelled):
        dispatch(order_id, a_label(), shipments=shipments, capture=payment)

    assert payment.calls == []
    assert event_types(shipments) == [ShipmentCancelled]


def test_a_cancellation_after_dispatch_changes_nothing(shipments: Shipments) -> None:
    order_id = confirm_order(shipments)
    dispatched = dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment())

    assert cancel(shipments, order_id) == dispatched
    assert event_types(shipments) == [ShipmentDispatched]


@pytest.mark.parametrize(
    ("result", "expected", "event"),
    [
        (CaptureResult(captured=True), ShipmentStatus.DISPATCHED, ShipmentDispatched),
        (FAILED, ShipmentStatus.CANCELLED, ShipmentCancelled),
    ],
)
def test_the_capture_result_decides_a_cancellation_during_dispatch(
    shipments: Shipments, result: CaptureResult, expected: ShipmentStatus, event: type
) -> None:
    order_id, payment = confirm_order(shipments), FakePayment(result)
    payment.during_capture.append(lambda: cancel(shipments, order_id))

    after = dispatch(order_id, a_label(), shipments=shipments, capture=payment)

    assert after.status is expected
    assert after.cancellation_requested_at is not None
    assert event_types(shipments) == [event]


def test_an_order_cancelled_before_it_is_confirmed_is_never_dispatched(
    shipments: Shipments,
) -> None:
    order_id = new_id()
    cancel(shipments, order_id)
    before = list(shipments.published)

    confirm_order(shipments, order_id)
    confirm_order(shipments, order_id)

    assert before == []
    assert status(shipments, order_id) is ShipmentStatus.CANCELLED
    assert event_types(shipments) == [ShipmentCancelled]


def test_a_tombstone_is_not_found_as_a_shipment(shipments: Shipments) -> None:
    order_id = new_id()
    cancel(shipments, order_id)

    with pytest.raises(NotFound):
        get_shipment(order_id, shipments=shipments)
    with pytest.raises(NotFound):
        dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment())


def test_the_carrier_reports_a_delivery_and_it_is_recorded_once(shipments: Shipments) -> None:
    order_id = confirm_order(shipments)
    dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment())

    first, second = (record_delivery(a_label(), shipments=shipments) for _ in range(2))

    assert first == second
    assert first.status is ShipmentStatus.DELIVERED
    assert event_types(shipments) == [ShipmentDispatched, ParcelDelivered]


def test_a_delivery_reported_before_dispatch_is_not_found_until_the_dispatch_is_complete(
    shipments: Shipments,
) -> None:
    with pytest.raises(ParcelNotFound):
        record_delivery(a_label(), shipments=shipments)
    order_id = confirm_order(shipments)
    with pytest.raises(CaptureUnknown):
        dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment(None))
    with pytest.raises(ParcelNotFound):
        record_delivery(a_label(), shipments=shipments)
    dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment())

    assert record_delivery(a_label(), shipments=shipments).status is ShipmentStatus.DELIVERED


def test_a_replaced_tracking_number_delivers_nothing(shipments: Shipments) -> None:
    order_id, payment = confirm_order(shipments), FakePayment(FAILED)
    dispatch(order_id, a_label("SP-1"), shipments=shipments, capture=payment)
    dispatch(order_id, a_label("SP-2"), shipments=shipments, capture=payment)

    with pytest.raises(ParcelNotFound):
        record_delivery(a_label("SP-1"), shipments=shipments)


def test_two_parcels_of_one_carrier_have_different_tracking_numbers(shipments: Shipments) -> None:
    first, second, payment = confirm_order(shipments), confirm_order(shipments), FakePayment()
    dispatch(first, a_label("SP-1"), shipments=shipments, capture=payment)

    with pytest.raises(TrackingNumberInUse):
        dispatch(second, a_label("SP-1"), shipments=shipments, capture=payment)
    other = a_label("SP-1", "another-carrier")

    assert status(shipments, second) is ShipmentStatus.READY
    after = dispatch(second, other, shipments=shipments, capture=payment)
    assert after.status is ShipmentStatus.DISPATCHED


def test_the_capture_result_of_an_earlier_attempt_does_not_affect_a_later_one(
    shipments: Shipments,
) -> None:
    """A slow call belongs to the first attempt. The attempt fails, staff dispatch again, and only
    then the slow call reports its failure."""
    order_id = confirm_order(shipments)
    with pytest.raises(CaptureUnknown):
        dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment(None))
    slow = get_shipment(order_id, shipments=shipments)
    complete_dispatch(slow, shipments=shipments, capture=FakePayment(FAILED))
    with pytest.raises(CaptureUnknown):
        dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment(None))

    after = complete_dispatch(slow, shipments=shipments, capture=FakePayment(FAILED))

    assert after.status is ShipmentStatus.DISPATCHING


def test_a_successful_capture_counts_even_after_a_reported_failure(
    shipments: Shipments,
) -> None:
    order_id = confirm_order(shipments)
    with pytest.raises(CaptureUnknown):
        dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment(None))
    slow = get_shipment(order_id, shipments=shipments)
    complete_dispatch(slow, shipments=shipments, capture=FakePayment(FAILED))

    after = complete_dispatch(slow, shipments=shipments, capture=FakePayment())

    assert after.status is ShipmentStatus.DISPATCHED


def test_all_events_of_a_shipment_carry_the_correlation_id_of_its_order() -> None:
    shipments, order_id = FakeShipments(), new_id()
    with caused_by(Cause("the-order's")):
        confirm_order(shipments, order_id)

    with caused_by(Cause("the-warehouse's")):
        dispatch(order_id, a_label(), shipments=shipments, capture=FakePayment())
    with caused_by(Cause("the-carrier's")):
        record_delivery(a_label(), shipments=shipments)

    assert shipments.correlation_ids == ["the-order's"] * 2


def test_a_dispatch_that_loses_the_race_sees_the_cancellation() -> None:
    shipments, payment = FakeShipments(), FakePayment()
    order_id = confirm_order(shipments)
    shipments.before_save.append(lambda: cancel(shipments, order_id))

    with pytest.raises(AlreadyCancelled):
        dispatch(order_id, a_label(), shipments=shipments, capture=payment)

    assert payment.calls == []


@pytest.mark.cloud
def test_open_shipments_are_listed_by_status_oldest_order_first(stored: StoredShipments) -> None:
    orders = [
        confirm_order(stored, f"01a2000{number}-0000-7000-8000-000000000000") for number in range(4)
    ]
    dispatch(orders[1], a_label(), shipments=stored, capture=FakePayment())
    cancel(stored, orders[3])

    first = stored.page(ShipmentStatus.READY, 1, None)
    second = stored.page(ShipmentStatus.READY, 1, first.next)
    dispatched = stored.page(ShipmentStatus.DISPATCHED, 10, None)
    record_delivery(a_label(), shipments=stored)

    assert [each.order_id for each in (*first.shipments, *second.shipments)] == [
        orders[0],
        orders[2],
    ]
    assert second.next is None
    assert [each.order_id for each in dispatched.shipments] == [orders[1]]
    assert stored.page(ShipmentStatus.DISPATCHED, 10, None).shipments == []


def test_a_shipment_without_label_or_recipient_is_never_dispatched() -> None:
    shipment = a_shipment()
    started, _ = shipment.start_dispatch(a_label(), "now") or (shipment, None)
    incomplete = Shipment(
        order_id=started.order_id,
        owner=ADA,
        shipment_id=started.shipment_id,
        correlation_id="correlation-1",
        created_at="now",
        status=ShipmentStatus.DISPATCHING,
        attempt=1,
    )

    with pytest.raises(ValueError, match="no label or no recipient"):
        incomplete.complete_dispatch(CaptureResult(captured=True), 1, "now")
