"""What the timeline guarantees about recorded events, in memory and in DynamoDB."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel import dynamo
from souk.kernel.errors import NotFound
from souk.kernel.ids import new_id
from souk.timeline.store import TimelineStore
from souk.timeline.usecases import get_timeline, read_events, record_events
from tests.timeline.builders import ADA, BOB, a_received_event, events_of_a_delivered_order
from tests.timeline.conftest import Timeline
from tests.timeline.fakes import FakeTimeline


def test_the_events_of_an_order_are_listed_by_time(timeline: Timeline) -> None:
    events = events_of_a_delivered_order(order := new_id())

    record_events(events[5:], timeline=timeline)
    record_events(events[:5], timeline=timeline)

    assert [event.id for event in timeline.list_events(order)] == [event.id for event in events]


def test_an_event_is_read_as_it_was_published(timeline: Timeline) -> None:
    order = new_id()
    event = a_received_event("PaymentAuthorized", "payment", order_id=order, amount={"amount": 5})

    record_events([event], timeline=timeline)

    assert timeline.list_events(order) == [event]


def test_a_repeated_event_is_recorded_once(timeline: Timeline) -> None:
    event = a_received_event(order_id=(order := new_id()))

    record_events([event, event], timeline=timeline)
    record_events([event], timeline=timeline)

    assert timeline.list_events(order) == [event]


def test_a_batch_larger_than_one_write_is_recorded_completely(timeline: Timeline) -> None:
    order = new_id()
    events = [a_received_event("Noted", second=n % 60, order_id=order) for n in range(70)]

    record_events(events, timeline=timeline)

    assert len(timeline.list_events(order)) == 70


def test_an_event_about_no_order_is_a_recent_event(timeline: Timeline) -> None:
    depleted = a_received_event("StockDepleted", "inventory", sku="LAMP-1", availability_version=2)

    record_events([depleted], timeline=timeline)

    (recent,) = timeline.list_recent(10, None)
    assert (recent.event, recent.service, recent.order_id) == ("StockDepleted", "inventory", None)


def test_recent_events_are_newest_first_and_can_be_filtered_by_service(timeline: Timeline) -> None:
    record_events(events_of_a_delivered_order(new_id()), timeline=timeline)

    of_all_services = [event.event for event in timeline.list_recent(3, None)]
    of_payment = [event.event for event in timeline.list_recent(10, "payment")]

    assert of_all_services == ["OrderCompleted", "ParcelDelivered", "ShipmentDispatched"]
    assert of_payment == ["PaymentCaptured", "PaymentAuthorized"]


def test_an_order_has_an_owner_as_soon_as_any_event_names_one(timeline: Timeline) -> None:
    events = events_of_a_delivered_order(order := new_id(), owner=ADA)
    record_events([event for event in events if "owner" not in event.data], timeline=timeline)

    with pytest.raises(NotFound):
        get_timeline(order, owner=ADA, timeline=timeline)
    record_events(events[:1], timeline=timeline)

    assert get_timeline(order, owner=ADA, timeline=timeline)


def test_another_customers_order_is_not_found(timeline: Timeline) -> None:
    record_events(events_of_a_delivered_order(order := new_id(), owner=ADA), timeline=timeline)

    with pytest.raises(NotFound):
        get_timeline(order, owner=BOB, timeline=timeline)
    with pytest.raises(NotFound):
        get_timeline(new_id(), owner=BOB, timeline=timeline)


def test_an_order_without_events_is_not_found(timeline: Timeline) -> None:
    with pytest.raises(NotFound):
        read_events(new_id(), timeline=timeline)


@pytest.mark.parametrize("seed", range(3))
def test_repeated_events_in_any_order_and_batch_lead_to_the_same_timeline(
    timeline: Timeline, seed: int
) -> None:
    events = events_of_a_delivered_order(order := new_id())
    received = events * 3
    Random(seed).shuffle(received)  # noqa: S311  a shuffle, not a secret

    for start in range(0, len(received), 10):
        record_events(received[start : start + 10], timeline=timeline)

    assert [event.id for event in timeline.list_events(order)] == [event.id for event in events]


@given(st.data())
def test_repeated_late_and_reordered_events_lead_to_the_same_timeline(data: st.DataObject) -> None:
    events = events_of_a_delivered_order(order := new_id())
    received = data.draw(st.permutations(events * 2))
    cut = data.draw(st.integers(0, len(received)))
    timeline = FakeTimeline()

    record_events(received[:cut], timeline=timeline)
    record_events(received[cut:], timeline=timeline)

    recorded = read_events(order, timeline=timeline)
    assert [event.id for event in recorded] == [event.id for event in events]
    assert [entry.type for entry in get_timeline(order, owner=ADA, timeline=timeline)] == [
        "placed",
        "confirmed",
        "dispatched",
        "delivered",
    ]


@pytest.mark.cloud
def test_recent_events_have_a_bounded_number_of_rows_and_expire_after_a_day(
    timeline_store: TimelineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def record_one() -> None:
        event = a_received_event("StockDepleted", "inventory", sku="LAMP-1")
        record_events([event], timeline=timeline_store)

    for _ in range(150):
        record_one()
    rows = list(dynamo.query(timeline_store._table, "RECENT"))
    monkeypatch.setattr("souk.timeline.store.RECENT_LIFETIME", timedelta(seconds=-1))
    for _ in range(300):
        record_one()

    assert len(rows) <= 64
    assert len(timeline_store.list_recent(100, None)) < 5
