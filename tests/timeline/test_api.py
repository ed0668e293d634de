"""The timeline's API: customers read entries, staff read events, strangers get 404."""

from __future__ import annotations

import hashlib
from functools import partial

import pytest

from souk.kernel.ids import new_id
from souk.runtime import http
from souk.timeline import handlers
from tests.kernel.builders import GUEST_TOKEN, send_request
from tests.timeline.builders import ADA, a_received_event, events_of_a_delivered_order
from tests.timeline.fakes import FakeConnections, FakeTimeline

call = partial(send_request, http.api_handler(handlers.ROUTES))
GUEST = f"guest-{hashlib.sha256(GUEST_TOKEN.encode()).hexdigest()[:40]}"
STAFF = {"sub": "sam", "cognito:groups": "[staff]"}
ORDER = new_id()


@pytest.fixture(autouse=True)
def timeline(monkeypatch: pytest.MonkeyPatch) -> FakeTimeline:
    fake = FakeTimeline()
    fake.add(events_of_a_delivered_order(ORDER, owner=ADA))
    monkeypatch.setattr(handlers, "timeline", lambda: fake)
    return fake


def test_a_customer_reads_the_timeline_of_their_order() -> None:
    response = call(path=f"/api/orders/{ORDER}/timeline", claims={"sub": "ada"})

    assert response.status == 200
    assert response.body["order_id"] == ORDER
    assert response.body["items"][2] == {
        "type": "dispatched",
        "message": "Your parcel was dispatched with Swift. Tracking number: SW1.",
        "at": "2026-11-24T12:00:06.000Z",
        "reason": None,
        "carrier": "Swift",
        "tracking_number": "SW1",
        "amount": None,
    }


def test_a_guest_reads_the_timeline_of_their_order(timeline: FakeTimeline) -> None:
    timeline.add([a_received_event("OrderPlaced", order_id=(order := new_id()), owner=GUEST)])

    response = call(path=f"/api/guest/orders/{order}/timeline", guest_token=GUEST_TOKEN)

    assert [item["type"] for item in response.body["items"]] == ["placed"]


def test_another_customers_order_looks_like_an_unknown_order() -> None:
    other = call(path=f"/api/orders/{ORDER}/timeline", claims={"sub": "bob"})
    unknown = call(path=f"/api/orders/{(never := new_id())}/timeline", claims={"sub": "bob"})

    assert other.status == unknown.status == 404
    assert other.body["detail"].replace(ORDER, never) == unknown.body["detail"]


def test_staff_read_every_event_with_its_service_and_correlation_id() -> None:
    response = call(path=f"/api/staff/orders/{ORDER}/timeline", claims=STAFF)

    items = response.body["items"]
    assert [item["event"] for item in items][:2] == ["BasketCheckedOut", "OrderPlaced"]
    assert items[3].items() >= {
        ("service", "payment"),
        ("correlation_id", "correlation-1"),
        ("at", "2026-11-24T12:00:03.000Z"),
    }
    assert items[3]["data"]["amount"] == {"amount": 2494, "currency": "GBP"}
    assert "tok_ok" not in str(response.body)


def test_staff_get_404_for_an_unknown_order() -> None:
    assert call(path=f"/api/staff/orders/{new_id()}/timeline", claims=STAFF).status == 404


def test_a_customer_cannot_read_the_events_that_staff_read() -> None:
    response = call(path=f"/api/staff/orders/{ORDER}/timeline", claims={"sub": "ada"})

    assert response.status == 403


def test_staff_list_recent_events() -> None:
    query = {"limit": "1", "service": "delivery"}

    response = call(path="/api/staff/events", claims=STAFF, query=query)

    (item,) = response.body["items"]
    assert item.keys() == {"event", "service", "order_id", "id", "at", "correlation_id"}
    assert (item["event"], item["order_id"]) == ("ParcelDelivered", ORDER)


def test_staff_get_a_ticket_for_the_live_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    connections = FakeConnections()
    monkeypatch.setattr(handlers, "connections", lambda: connections)

    response = call("POST", path="/api/staff/live-feed/tickets", claims=STAFF)

    assert response.status == 201
    assert response.headers["Location"] == response.body["path"]
    assert response.body["path"] == f"/live?ticket={response.body['ticket']}"
    assert connections.redeem_ticket(response.body["ticket"], "c-1")
