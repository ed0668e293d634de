"""Delivery's routes: options for staff, shipments, and what carriers say."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from souk.basket.commands import ContactCard, ContactCards, PostalAddress
from souk.delivery import carrier, handlers
from souk.delivery.domain import MoneyUnknown, Shipment, State, Verdict
from souk.delivery.usecases import call_off, dispatch, make_shipment
from souk.edges import http
from souk.edges.asking import AskedInVain
from souk.kernel.clock import now, stamp
from souk.kernel.ids import new_id
from souk.payment.commands import Captured
from tests.delivery.builders import ADA, a_label, a_shipment
from tests.delivery.fakes import FakeOptions, FakePayment, FakeShipments
from tests.kernel.builders import Response, answer_to
from tests.kernel.logs import logged

call = partial(answer_to, http.api(handlers.ROUTES))
ORDER = new_id()
SECRET = "of-the-carrier"
PRICE = {"amount": 795, "currency": "GBP"}
EXPRESS = {"name": "Express", "rates": [{"country": "GB", "max_grams": 2000, "price": PRICE}]}
CONTACTS = ContactCards(
    cards=[
        ContactCard(
            contact_id="contact-1",
            name="Ada Lovelace",
            email="ada@example.org",
            address=PostalAddress(line1="1 St James's Square", city="London", country="GB"),
        )
    ]
)


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch) -> FakeOptions:
    fake = FakeOptions()
    settings = handlers.DeliverySettings(table_name="table", currency="GBP")
    monkeypatch.setattr(handlers, "options", lambda: fake)
    monkeypatch.setattr(handlers, "settings", lambda: settings)
    return fake


@pytest.fixture(autouse=True)
def shipments(monkeypatch: pytest.MonkeyPatch) -> FakeShipments:
    fake = FakeShipments(a_shipment(ORDER))
    monkeypatch.setattr(handlers, "shipments", lambda: fake)
    monkeypatch.setattr(handlers, "secret", lambda: SECRET)
    monkeypatch.setenv("PAYMENT_COMMANDS", "payment")
    monkeypatch.setenv("BASKET_COMMANDS", "basket")
    return fake


class Rooms:
    """The other rooms: what each answers, or raises."""

    def __init__(self) -> None:
        self.says: dict[str, Any] = {"payment": Captured(status="captured"), "basket": CONTACTS}

    def __call__(self, function: str, command: object, answer: type) -> Any:
        said = self.says[function]
        if isinstance(said, Exception):
            raise said
        assert isinstance(said, answer)
        return said


@pytest.fixture(autouse=True)
def rooms(monkeypatch: pytest.MonkeyPatch) -> Rooms:
    rooms = Rooms()
    monkeypatch.setattr(handlers, "ask", rooms)
    return rooms


def as_staff(method: str, path: str, body: Any = None, **named: Any) -> Response:
    claims = {"sub": "sam", "cognito:groups": "[staff]"}
    text = None if body is None else json.dumps(body)
    return call(method, f"/api/staff{path}", body=text, claims=claims, **named)


def send(body: Any = None) -> Response:
    return as_staff("POST", f"/shipments/{ORDER}/dispatch", body or {})


# --- options ----------------------------------------------------------------------------------


def test_an_option_is_offered_read_and_changed_by_who_saw_it(options: FakeOptions) -> None:
    offered = as_staff("POST", "/shipping-options", {"option": "express"} | EXPRESS)
    read = as_staff("GET", "/shipping-options/express")
    dearer = EXPRESS | {"offered": False}
    changed = as_staff("PUT", "/shipping-options/express", dearer, **{"if-match": '"1"'})
    late = as_staff("PUT", "/shipping-options/express", dearer, **{"if-match": '"1"'})
    blind = as_staff("PUT", "/shipping-options/express", dearer)

    assert (offered.status, offered.headers["ETag"]) == (201, '"1"')
    assert offered.headers["Location"] == "/api/staff/shipping-options/express"
    assert read.body == offered.body
    assert (changed.status, changed.body["offered"]) == (200, False)
    assert [late.status, blind.status] == [412, 428]
    assert late.body["version"] == 2
    assert [fact.version for fact in options.said] == [1, 2]  # type: ignore[attr-defined]
    assert as_staff("GET", "/shipping-options").body["items"] == [changed.body]


def test_an_id_is_given_once() -> None:
    wish = {"option": "express"} | EXPRESS
    as_staff("POST", "/shipping-options", wish)

    again = as_staff("POST", "/shipping-options", wish)

    assert (again.status, again.body["type"]) == (409, "/problems/option-taken")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"option": "Two words"}, "/option"),
        ({"rates": []}, "/rates"),
        ({"rates": [{"country": "gb", "price": PRICE}]}, "/rates/0/country"),
        ({"rates": [{"country": "GB\n", "price": PRICE}]}, "/rates/0/country"),
        ({"rates": [{"country": "GB", "price": PRICE, "max_grams": 0}]}, "/rates/0/max_grams"),
        (
            {"rates": [{"country": "GB", "price": PRICE | {"amount": -1}}]},
            "/rates/0/price/amount",
        ),
        (
            {"rates": [{"country": "GB", "price": PRICE | {"currency": "EUR"}}]},
            "/rates/0/price/currency",
        ),
        ({"rates": [{"country": "*", "price": PRICE}] * 2}, "/rates/1"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_by_field(
    wrong: dict[str, Any], pointer: str, options: FakeOptions
) -> None:
    refused = as_staff("POST", "/shipping-options", {"option": "express"} | EXPRESS | wrong)

    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, pointer)
    assert options.all() == []


def test_an_option_nobody_offered_cannot_be_changed() -> None:
    changed = as_staff("PUT", "/shipping-options/none", EXPRESS, **{"if-match": '"1"'})

    assert changed.status == 404


# --- shipments --------------------------------------------------------------------------------


def test_a_shipment_tells_where_it_goes_and_the_log_does_not(rooms: Rooms) -> None:
    with logged() as lines:
        read = as_staff("GET", f"/shipments/{ORDER}")

    assert read.body["state"] == "ready"
    assert read.body["receiver"] == {
        "name": "Ada Lovelace",
        "line1": "1 St James's Square",
        "city": "London",
        "country": "GB",
        "line2": None,
        "postcode": None,
    }
    assert "Lovelace" not in json.dumps(lines)


@pytest.mark.parametrize("told", [AskedInVain("GetContacts", "Busy"), ContactCards(cards=[])])
def test_a_receiver_nobody_tells_is_left_open(rooms: Rooms, told: object) -> None:
    rooms.says["basket"] = told

    read = as_staff("GET", f"/shipments/{ORDER}")

    assert (read.status, read.body["receiver"]) == (200, None)


def test_a_dispatched_parcel_has_a_number_if_only_the_shops(shipments: FakeShipments) -> None:
    sent = send()

    assert (sent.status, sent.body["state"]) == (200, "dispatched")
    assert sent.body["carrier"] == "souk-post"
    assert sent.body["tracking_number"] == f"SP-{ORDER.replace('-', '').upper()}"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Captured(status="failed", reason="card-expired"), "card-expired"),
        (Captured(status="voided"), "voided"),
    ],
)
def test_money_that_cannot_be_had_is_told_with_its_reason(
    rooms: Rooms, answer: Captured, reason: str
) -> None:
    rooms.says["payment"] = answer

    refused = send()

    assert (refused.status, refused.body["type"]) == (409, "/problems/not-captured")
    assert refused.body["reason"] == reason
    assert as_staff("GET", f"/shipments/{ORDER}").body["state"] == "parked"


def test_while_payment_gives_no_answer_it_is_said_to_be_dispatching(rooms: Rooms) -> None:
    rooms.says["payment"] = AskedInVain("CapturePayment", "PaymentUnknown")
    waiting = send()
    rooms.says["payment"] = Captured(status="captured")

    assert (waiting.status, waiting.body["state"]) == (200, "dispatching")
    assert send().body["state"] == "dispatched"


def test_what_was_cancelled_is_not_sent(shipments: FakeShipments) -> None:
    call_off(ORDER, ADA, shipments=shipments)

    refused = send()

    assert (refused.status, refused.body["type"]) == (409, "/problems/shipment-cancelled")


def test_a_shipment_cancelled_while_its_money_was_asked_for_is_not_sent(
    rooms: Rooms, shipments: FakeShipments, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked_meanwhile(*_: object) -> Captured:
        call_off(ORDER, ADA, shipments=shipments)
        return Captured(status="failed", reason="card-expired")

    monkeypatch.setattr(handlers, "ask", asked_meanwhile)

    refused = send()

    assert (refused.status, refused.body["type"]) == (409, "/problems/shipment-cancelled")


@pytest.mark.parametrize("body", [{"carrier": "A Carrier"}, {"tracking_number": "a b"}])
def test_a_label_nobody_can_read_is_refused_by_field(body: dict[str, str]) -> None:
    refused = send(body)

    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == f"/{next(iter(body))}"


def test_shipments_are_for_staff() -> None:
    customer = call("GET", f"/api/staff/shipments/{ORDER}", claims={"sub": "ada"})

    assert customer.status == 403


# --- carriers ---------------------------------------------------------------------------------


def notice(
    number: str, *, secret: str = SECRET, event: str = "delivered", age: int = 0
) -> Response:
    body = json.dumps({"tracking_number": number, "event": event})
    signature = carrier.sign(body.encode(), secret, int(time.time()) - age)
    path = "/api/carriers/souk-post/notices"
    return call("POST", path, body=body, **{carrier.SIGNATURE: signature})


def test_a_signed_notice_delivers_once(shipments: FakeShipments) -> None:
    send({"tracking_number": "SP-1"})

    answers = [notice("SP-1"), notice("SP-1")]

    assert [(each.status, each.body) for each in answers] == [(200, {"heeded": True})] * 2
    shipment = shipments.get(ORDER)
    assert shipment
    assert shipment.state is State.DELIVERED


@pytest.mark.parametrize(
    "refused",
    [
        lambda: notice("SP-1", secret="guessed"),
        lambda: notice("SP-1", age=301),
        lambda: call("POST", "/api/carriers/souk-post/notices", body="{}"),
    ],
)
def test_a_notice_that_is_not_signed_or_old_is_refused(refused: Any) -> None:
    send({"tracking_number": "SP-1"})

    answer = refused()

    assert (answer.status, answer.body["type"]) == (400, "/problems/bad-signature")


def test_a_notice_before_the_parcel_left_is_to_be_sent_again() -> None:
    early = notice("SP-1")
    send({"tracking_number": "SP-1"})

    assert (early.status, early.body["type"]) == (404, "/problems/parcel-unknown")
    assert early.headers["Retry-After"] == "60"
    assert notice("SP-1").status == 200


def test_a_notice_of_something_else_is_taken_and_changes_nothing(
    shipments: FakeShipments,
) -> None:
    before = shipments.get(ORDER)

    assert notice("SP-1", event="sorted").body == {"heeded": False}
    assert shipments.get(ORDER) == before


def test_a_signed_notice_nobody_can_read_is_refused() -> None:
    assert notice("not a number").status == 422


# --- the clock --------------------------------------------------------------------------------


def left_dispatching(shipments: FakeShipments) -> str:
    order_id = new_id()
    make_shipment(order_id, ADA, "contact-1", shipments=shipments)
    with pytest.raises(MoneyUnknown):
        dispatch(order_id, a_label(order_id), shipments=shipments, take=FakePayment(None))
    return order_id


def test_the_clock_settles_every_shipment_left_dispatching(shipments: FakeShipments) -> None:
    left = [left_dispatching(shipments) for _ in range(3)]

    handlers.settle_all(enough=lambda: False)

    assert [_kept(shipments, each).state for each in left] == [State.DISPATCHED] * 3


def test_the_clock_lets_a_young_one_wait_and_calls_a_person_for_an_old_one(
    shipments: FakeShipments, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms.says["payment"] = AskedInVain("CapturePayment", "PaymentUnknown")
    left_dispatching(shipments)

    handlers.settle_all(enough=lambda: False)

    later = now() + handlers.OVERDUE + timedelta(seconds=1)
    monkeypatch.setattr(handlers, "now", lambda: later)
    with pytest.raises(handlers.Overdue, match="1 shipments"):
        handlers.settle_all(enough=lambda: False)
    assert stamp(later)


def test_a_shipment_that_fails_keeps_no_other_waiting(
    shipments: FakeShipments, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = left_dispatching(shipments), left_dispatching(shipments)

    def take(order_id: str) -> Verdict:
        if order_id == broken:
            raise RuntimeError("a mistake of ours")
        return Verdict(captured=True)

    monkeypatch.setattr(handlers, "_take", take)

    with pytest.raises(handlers.Overdue):
        handlers.settle_all(enough=lambda: False)

    assert _kept(shipments, sound).state is State.DISPATCHED


def test_the_clock_begins_nothing_it_has_no_time_for(shipments: FakeShipments) -> None:
    order_id = left_dispatching(shipments)

    handlers.settle_all(enough=lambda: True)

    assert _kept(shipments, order_id).state is State.DISPATCHING


def _kept(shipments: FakeShipments, order_id: str) -> Shipment:
    shipment = shipments.get(order_id)
    assert shipment
    return shipment
