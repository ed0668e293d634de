"""What shipments promise, wherever they are kept: sent or cancelled, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.delivery.domain import (
    AlreadyCancelled,
    MoneyUnknown,
    NumberTaken,
    ParcelUnknown,
    Shipment,
    State,
    Verdict,
)
from souk.delivery.events import ParcelDelivered, ShipmentCancelled, ShipmentDispatched
from souk.delivery.usecases import (
    call_off,
    deliver,
    dispatch,
    make_shipment,
    read_shipment,
    settle,
)
from souk.kernel.errors import NotFound
from souk.kernel.facts import Cause, caused_by
from souk.kernel.ids import new_id
from tests.delivery.builders import ADA, a_label, a_shipment
from tests.delivery.fakes import FakePayment, FakeShipments, StoredShipments

if TYPE_CHECKING:
    Shipments = FakeShipments | StoredShipments

REFUSED = Verdict(captured=False, reason="insufficient-funds")


def made(shipments: Shipments, order_id: str = "") -> str:
    order_id = order_id or new_id()
    make_shipment(order_id, ADA, "contact-1", shipments=shipments)
    return order_id


def cancel(shipments: Shipments, order_id: str) -> Shipment:
    return call_off(order_id, ADA, shipments=shipments)


def state(shipments: Shipments, order_id: str) -> State:
    shipment = shipments.get(order_id)
    assert shipment
    return shipment.state


def told(shipments: Shipments) -> list[type]:
    return [type(fact) for fact in shipments.said]


def test_an_order_confirmed_twice_has_one_shipment(shipments: Shipments) -> None:
    order_id = made(shipments)
    first = shipments.get(order_id)

    made(shipments, order_id)

    assert shipments.get(order_id) == first
    assert read_shipment(order_id, shipments=shipments).state is State.READY


def test_a_parcel_is_sent_once_its_money_is_taken_and_twice_is_once(shipments: Shipments) -> None:
    order_id, payment = made(shipments), FakePayment()

    first = dispatch(order_id, a_label(), shipments=shipments, take=payment)
    second = dispatch(order_id, a_label("SP-other"), shipments=shipments, take=payment)

    assert first == second == shipments.get(order_id)
    assert payment.asked == [order_id]
    assert shipments.said == [
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


def test_a_shipment_whose_money_cannot_be_had_is_parked_with_the_reason(
    shipments: Shipments,
) -> None:
    order_id = made(shipments)

    parked = dispatch(order_id, a_label(), shipments=shipments, take=FakePayment(REFUSED))

    assert (parked.state, parked.reason) == (State.PARKED, "insufficient-funds")
    assert shipments.said == []


def test_what_was_parked_can_be_sent_later_under_another_number(shipments: Shipments) -> None:
    order_id, payment = made(shipments), FakePayment(REFUSED)
    dispatch(order_id, a_label("SP-1"), shipments=shipments, take=payment)

    sent = dispatch(order_id, a_label("SP-2"), shipments=shipments, take=payment)

    assert (sent.state, sent.label, sent.reason) == (State.DISPATCHED, a_label("SP-2"), None)


def test_what_was_parked_is_cancelled_when_that_is_asked(shipments: Shipments) -> None:
    order_id = made(shipments)
    dispatch(order_id, a_label(), shipments=shipments, take=FakePayment(REFUSED))

    cancel(shipments, order_id)

    assert state(shipments, order_id) is State.CANCELLED
    assert told(shipments) == [ShipmentCancelled]


def test_while_payment_gives_no_answer_it_is_being_dispatched_and_asked_again(
    shipments: Shipments,
) -> None:
    order_id, payment = made(shipments), FakePayment(None, None)

    for _ in range(2):
        with pytest.raises(MoneyUnknown):
            dispatch(order_id, a_label(), shipments=shipments, take=payment)
    waiting = list(shipments.dispatching())
    found = read_shipment(order_id, shipments=shipments)
    sent = settle(found, shipments=shipments, take=payment)

    assert waiting == [order_id]
    assert sent.state is State.DISPATCHED
    assert told(shipments) == [ShipmentDispatched]
    assert list(shipments.dispatching()) == []


def test_a_wish_that_comes_first_cancels_and_nothing_is_sent(shipments: Shipments) -> None:
    order_id, payment = made(shipments), FakePayment()

    cancel(shipments, order_id)
    cancel(shipments, order_id)
    with pytest.raises(AlreadyCancelled):
        dispatch(order_id, a_label(), shipments=shipments, take=payment)

    assert payment.asked == []
    assert told(shipments) == [ShipmentCancelled]


def test_a_wish_that_comes_after_the_parcel_left_changes_nothing(shipments: Shipments) -> None:
    order_id = made(shipments)
    sent = dispatch(order_id, a_label(), shipments=shipments, take=FakePayment())

    assert cancel(shipments, order_id) == sent
    assert told(shipments) == [ShipmentDispatched]


@pytest.mark.parametrize(
    ("verdict", "ends", "says"),
    [
        (Verdict(captured=True), State.DISPATCHED, ShipmentDispatched),
        (REFUSED, State.CANCELLED, ShipmentCancelled),
    ],
)
def test_of_a_wish_that_comes_while_it_is_being_dispatched_the_money_decides(
    shipments: Shipments, verdict: Verdict, ends: State, says: type
) -> None:
    order_id, payment = made(shipments), FakePayment(verdict)
    payment.meanwhile.append(lambda: cancel(shipments, order_id))

    after = dispatch(order_id, a_label(), shipments=shipments, take=payment)

    assert after.state is ends
    assert after.cancel_asked_at is not None
    assert told(shipments) == [says]


def test_a_wish_before_the_order_is_confirmed_sees_that_nothing_is_ever_sent(
    shipments: Shipments,
) -> None:
    order_id = new_id()
    cancel(shipments, order_id)
    before = list(shipments.said)

    made(shipments, order_id)
    made(shipments, order_id)

    assert before == []
    assert state(shipments, order_id) is State.CANCELLED
    assert told(shipments) == [ShipmentCancelled]


def test_what_was_only_called_off_is_no_shipment(shipments: Shipments) -> None:
    order_id = new_id()
    cancel(shipments, order_id)

    with pytest.raises(NotFound):
        read_shipment(order_id, shipments=shipments)
    with pytest.raises(NotFound):
        dispatch(order_id, a_label(), shipments=shipments, take=FakePayment())


def test_the_carriers_word_delivers_a_sent_parcel_once(shipments: Shipments) -> None:
    order_id = made(shipments)
    dispatch(order_id, a_label(), shipments=shipments, take=FakePayment())

    first, second = (deliver(a_label(), shipments=shipments) for _ in range(2))

    assert first == second
    assert first.state is State.DELIVERED
    assert told(shipments) == [ShipmentDispatched, ParcelDelivered]


def test_the_carriers_word_about_a_parcel_that_did_not_leave_is_to_be_said_again(
    shipments: Shipments,
) -> None:
    with pytest.raises(ParcelUnknown):
        deliver(a_label(), shipments=shipments)
    order_id = made(shipments)
    with pytest.raises(MoneyUnknown):
        dispatch(order_id, a_label(), shipments=shipments, take=FakePayment(None))
    with pytest.raises(ParcelUnknown):
        deliver(a_label(), shipments=shipments)
    dispatch(order_id, a_label(), shipments=shipments, take=FakePayment())

    assert deliver(a_label(), shipments=shipments).state is State.DELIVERED


def test_a_number_given_up_for_another_delivers_nothing(shipments: Shipments) -> None:
    order_id, payment = made(shipments), FakePayment(REFUSED)
    dispatch(order_id, a_label("SP-1"), shipments=shipments, take=payment)
    dispatch(order_id, a_label("SP-2"), shipments=shipments, take=payment)

    with pytest.raises(ParcelUnknown):
        deliver(a_label("SP-1"), shipments=shipments)


def test_two_parcels_of_a_carrier_have_two_numbers(shipments: Shipments) -> None:
    first, second, payment = made(shipments), made(shipments), FakePayment()
    dispatch(first, a_label("SP-1"), shipments=shipments, take=payment)

    with pytest.raises(NumberTaken):
        dispatch(second, a_label("SP-1"), shipments=shipments, take=payment)
    other = a_label("SP-1", "another-carrier")

    assert state(shipments, second) is State.READY
    assert dispatch(second, other, shipments=shipments, take=payment).state is State.DISPATCHED


def test_the_verdict_on_an_earlier_attempt_says_nothing_about_a_later_one(
    shipments: Shipments,
) -> None:
    """Two asked; the first was refused, staff tried again, and only now the second hears `no`."""
    order_id = made(shipments)
    with pytest.raises(MoneyUnknown):
        dispatch(order_id, a_label(), shipments=shipments, take=FakePayment(None))
    slow = read_shipment(order_id, shipments=shipments)
    settle(slow, shipments=shipments, take=FakePayment(REFUSED))
    with pytest.raises(MoneyUnknown):
        dispatch(order_id, a_label(), shipments=shipments, take=FakePayment(None))

    after = settle(slow, shipments=shipments, take=FakePayment(REFUSED))

    assert after.state is State.DISPATCHING


def test_money_that_was_taken_counts_even_if_another_was_told_that_it_was_not(
    shipments: Shipments,
) -> None:
    order_id = made(shipments)
    with pytest.raises(MoneyUnknown):
        dispatch(order_id, a_label(), shipments=shipments, take=FakePayment(None))
    slow = read_shipment(order_id, shipments=shipments)
    settle(slow, shipments=shipments, take=FakePayment(REFUSED))

    assert settle(slow, shipments=shipments, take=FakePayment()).state is State.DISPATCHED


def test_all_that_is_said_of_a_shipment_is_said_on_its_orders_journey() -> None:
    shipments, order_id = FakeShipments(), new_id()
    with caused_by(Cause("the-order's")):
        made(shipments, order_id)

    with caused_by(Cause("the-warehouse's")):
        dispatch(order_id, a_label(), shipments=shipments, take=FakePayment())
    with caused_by(Cause("the-carrier's")):
        deliver(a_label(), shipments=shipments)

    assert shipments.journeys == ["the-order's"] * 2


def test_who_loses_the_race_for_the_row_goes_on_from_what_the_other_made_of_it() -> None:
    shipments, payment = FakeShipments(), FakePayment()
    order_id = made(shipments)
    shipments.meanwhile.append(lambda: cancel(shipments, order_id))

    with pytest.raises(AlreadyCancelled):
        dispatch(order_id, a_label(), shipments=shipments, take=payment)

    assert payment.asked == []


@pytest.mark.cloud
def test_shipments_are_listed_as_they_stand_oldest_first(stored: StoredShipments) -> None:
    orders = [made(stored, f"01a2000{number}-0000-7000-8000-000000000000") for number in range(4)]
    dispatch(orders[1], a_label(), shipments=stored, take=FakePayment())
    cancel(stored, orders[3])

    first = stored.page(State.READY, 1, None)
    rest = stored.page(State.READY, 1, first.next)
    sent = stored.page(State.DISPATCHED, 10, None)
    deliver(a_label(), shipments=stored)

    assert [each.order_id for each in (*first.shipments, *rest.shipments)] == [
        orders[0],
        orders[2],
    ]
    assert rest.next is None
    assert [each.order_id for each in sent.shipments] == [orders[1]]
    assert stored.page(State.DISPATCHED, 10, None).shipments == []


def test_a_shipment_that_nobody_is_to_receive_is_never_said_to_be_sent() -> None:
    shipment = a_shipment()
    begun, _ = shipment.dispatch(a_label(), "now") or (shipment, None)
    lost = Shipment(
        order_id=begun.order_id,
        owner=ADA,
        shipment_id=begun.shipment_id,
        journey="j",
        made_at="now",
        state=State.DISPATCHING,
        attempt=1,
    )

    with pytest.raises(ValueError, match="no label, or nobody"):
        lost.settle(Verdict(captured=True), 1, "now")
