"""The journal over HTTP: to its customer the steps, to staff all of it, to a stranger nothing."""

from __future__ import annotations

import hashlib
from functools import partial

import pytest

from souk.edges import http
from souk.journal import handlers
from souk.kernel.ids import new_id
from tests.journal.builders import ADA, a_delivered_order, a_fact
from tests.journal.fakes import FakeGate, FakeJournal
from tests.kernel.builders import GUEST_TOKEN, answer_to

call = partial(answer_to, http.api(handlers.ROUTES))
GUEST = f"guest-{hashlib.sha256(GUEST_TOKEN.encode()).hexdigest()[:40]}"
STAFF = {"sub": "sam", "cognito:groups": "[staff]"}
ORDER = new_id()


@pytest.fixture(autouse=True)
def journal(monkeypatch: pytest.MonkeyPatch) -> FakeJournal:
    fake = FakeJournal()
    fake.add(a_delivered_order(ORDER, owner=ADA))
    monkeypatch.setattr(handlers, "journal", lambda: fake)
    return fake


def test_a_customer_reads_what_happened_to_their_order() -> None:
    read = call(path=f"/api/orders/{ORDER}/timeline", claims={"sub": "ada"})

    assert read.status == 200
    assert read.body["order_id"] == ORDER
    assert read.body["items"][2] == {
        "slug": "dispatched",
        "says": "Your parcel is on its way with Swift. Its number is SW1.",
        "at": "2026-11-24T12:00:06.000Z",
        "reason": None,
        "carrier": "Swift",
        "tracking_number": "SW1",
        "amount": None,
    }


def test_a_guest_reads_theirs(journal: FakeJournal) -> None:
    journal.add([a_fact("OrderPlaced", order_id=(order := new_id()), owner=GUEST)])

    read = call(path=f"/api/guest/orders/{order}/timeline", guest_token=GUEST_TOKEN)

    assert [item["slug"] for item in read.body["items"]] == ["placed"]


def test_a_stranger_cannot_tell_a_timeline_from_none() -> None:
    anothers = call(path=f"/api/orders/{ORDER}/timeline", claims={"sub": "bob"})
    missing = call(path=f"/api/orders/{(never := new_id())}/timeline", claims={"sub": "bob"})

    assert anothers.status == missing.status == 404
    assert anothers.body["detail"].replace(ORDER, never) == missing.body["detail"]


def test_staff_read_every_fact_with_its_room_and_journey() -> None:
    read = call(path=f"/api/staff/orders/{ORDER}/timeline", claims=STAFF)

    assert [item["fact"] for item in read.body["items"]][:2] == ["BasketCheckedOut", "OrderPlaced"]
    assert read.body["items"][3].items() >= {
        ("room", "payment"),
        ("correlation_id", "journey-1"),
        ("at", "2026-11-24T12:00:03.000Z"),
    }
    assert read.body["items"][3]["body"]["amount"] == {"amount": 2494, "currency": "GBP"}
    assert "tok_ok" not in str(read.body)


def test_of_an_unknown_order_staff_learn_that_there_is_none() -> None:
    assert call(path=f"/api/staff/orders/{new_id()}/timeline", claims=STAFF).status == 404


def test_a_customer_reads_no_staff_story() -> None:
    read = call(path=f"/api/staff/orders/{ORDER}/timeline", claims={"sub": "ada"})

    assert read.status == 403


def test_staff_see_what_was_said_lately() -> None:
    read = call(path="/api/staff/facts", claims=STAFF, query={"limit": "1", "room": "delivery"})

    (item,) = read.body["items"]
    assert item.keys() == {"fact", "room", "order_id", "id", "at", "correlation_id"}
    assert (item["fact"], item["order_id"]) == ("ParcelDelivered", ORDER)


def test_staff_get_a_ticket_for_a_live_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = FakeGate()
    monkeypatch.setattr(handlers, "gate", lambda: gate)

    answer = call("POST", path="/api/staff/map/tickets", claims=STAFF)

    assert answer.status == 201
    assert answer.headers["Location"] == answer.body["path"]
    assert answer.body["path"] == f"/live?ticket={answer.body['ticket']}"
    assert gate.admit("c-1", answer.body["ticket"])
