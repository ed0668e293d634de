"""Who may watch the shop live, and what they are told."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.synth import openapi_path, synthesize
from local import people
from local.shop import Running, Shop
from souk.journal.domain import News
from souk.journal.usecases import Gate, admit, issue_ticket, tell
from souk.kernel import aws, dynamo
from souk.kernel.clock import now
from souk.kernel.errors import Forbidden
from souk.kernel.ids import new_id
from souk.kernel.items import to_item
from tests.conftest import free_port
from tests.deployed import log
from tests.journal.builders import a_delivered_order, a_fact
from tests.journal.fakes import FakeFeed, FakeGate
from tests.journal.test_deployed import an_order
from tests.journal.watcher import Watcher
from tests.journeys.visitor import Guest, Staff, until

CONFIRMED = {
    "BasketCheckedOut",
    "OrderPlaced",
    "StockReserved",
    "PaymentAuthorized",
    "OrderConfirmed",
}


def test_a_ticket_lets_one_connection_in(gate: Gate) -> None:
    ticket = issue_ticket(gate=gate)

    admit("c-1", ticket.text, gate=gate)

    assert [watcher.connection_id for watcher in gate.watchers()] == ["c-1"]
    with pytest.raises(Forbidden):
        admit("c-2", ticket.text, gate=gate)
    assert [watcher.connection_id for watcher in gate.watchers()] == ["c-1"]


def test_a_ticket_lives_a_minute(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("souk.journal.usecases.TICKET_LIFE", timedelta(seconds=-1))
    ticket = issue_ticket(gate=gate)

    with pytest.raises(Forbidden):
        admit("c-1", ticket.text, gate=gate)


@pytest.mark.parametrize("ticket", ["", "never-issued"])
def test_nobody_comes_in_without_a_ticket(gate: Gate, ticket: str) -> None:
    with pytest.raises(Forbidden):
        admit("c-1", ticket, gate=gate)


def test_who_has_gone_watches_no_more(gate: Gate) -> None:
    admit("c-1", issue_ticket(gate=gate).text, gate=gate)

    gate.forget("c-1")
    gate.forget("c-1")

    assert gate.watchers() == []


def test_each_fact_is_told_to_all_who_watch_in_order_of_time() -> None:
    gate, feed = FakeGate(), FakeFeed()
    for name in ("c-1", "c-2"):
        admit(name, issue_ticket(gate=gate).text, gate=gate)
    said = a_delivered_order(new_id())

    tell(said[::-1], gate=gate, feed=feed, enough=lambda: False)

    told = [fact.name for fact in said]
    assert [[news.fact for news in feed.told[name]] for name in ("c-1", "c-2")] == [told, told]


def test_what_a_fact_says_is_not_told() -> None:
    gate, feed = FakeGate(), FakeFeed()
    admit("c-1", issue_ticket(gate=gate).text, gate=gate)
    fact = a_fact("StockDepleted", "inventory", sku="LAMP-1")

    tell([fact], gate=gate, feed=feed, enough=lambda: False)

    assert feed.told["c-1"] == [
        News(
            fact="StockDepleted",
            room="inventory",
            order_id=None,
            id=fact.id,
            at=fact.time,
            correlation_id="journey-1",
        )
    ]


@pytest.mark.parametrize(("age", "left"), [(60, []), (2, ["c-1"])])
def test_who_is_gone_is_forgotten_and_who_only_just_comes_is_not(age: int, left: list[str]) -> None:
    gate, feed = FakeGate(), FakeFeed(gone={"c-1"})
    gate.watch("c-1", since=now() - timedelta(seconds=age))

    tell([a_fact()], gate=gate, feed=feed, enough=lambda: False)

    assert [watcher.connection_id for watcher in gate.watchers()] == left


def test_however_many_watch_telling_them_comes_to_an_end() -> None:
    gate, feed = FakeGate(), FakeFeed()
    for number in range(5):
        gate.watch(f"c-{number}", since=now())

    tell([a_fact()], gate=gate, feed=feed, enough=lambda: len(feed.told) == 2)

    assert list(feed.told) == ["c-0", "c-1"]


@pytest.mark.cloud
def test_staff_see_an_order_as_it_happens(shop: Running) -> None:
    staff, guest = Staff(shop), Guest(shop)
    ticket = staff.http.post("/staff/map/tickets").json()
    watcher = Watcher(shop.port, ticket["path"])

    order_id = an_order(shop, guest)

    told: dict[str, dict[str, Any]] = {}
    for message in watcher.messages():
        if message["order_id"] == order_id:
            told[message["fact"]] = message
        if told.keys() >= CONFIRMED:  # rooms are heard in any order
            break
    watcher.close()
    assert told["PaymentAuthorized"]["room"] == "payment"
    assert {frozenset(message) for message in told.values()} == {
        frozenset({"fact", "room", "order_id", "id", "at", "correlation_id"})
    }


@pytest.mark.cloud
def test_a_ticket_opens_the_door_once(shop: Running) -> None:
    ticket = Staff(shop).http.post("/staff/map/tickets")

    first = Watcher(shop.port, ticket.headers["location"])
    second = Watcher(shop.port, ticket.headers["location"])
    without = Watcher(shop.port, "/live")

    first.close()
    assert (first.admitted, second.admitted, without.admitted) == (True, False, False)
    written = until("its log", lambda: log(shop, "JournalLive"))
    assert "not admitted" in written
    assert ticket.json()["ticket"] not in written


@pytest.mark.cloud
def test_a_customer_gets_no_ticket(shop: Running) -> None:
    answer = Guest(shop).http.post("/staff/map/tickets")

    assert answer.status_code == 401


@pytest.mark.cloud
def test_a_watcher_who_leaves_keeps_nothing_from_being_told(shop: Running) -> None:
    staff = Staff(shop)
    gone = Watcher(shop.port, staff.http.post("/staff/map/tickets").json()["path"])
    gone.close()
    stays = Watcher(shop.port, staff.http.post("/staff/map/tickets").json()["path"])

    sku = staff.list_product(stock=0)

    assert next(m for m in stays.messages() if m["fact"] == "ProductListed")["room"] == "catalog"
    assert sku
    stays.close()


@pytest.mark.cloud
def test_a_connection_that_is_gone_is_forgotten(in_function: Running) -> None:
    table = in_function.outputs["JournalTable"]
    lost = {"pk": "WATCHERS", "sk": (name := new_id()), "since": "2026-11-24T12:00:00.000Z"}
    ends = int((now() + timedelta(hours=1)).timestamp())
    aws.dynamodb().put_item(TableName=table, Item=to_item({**lost, "expires_at": ends}))

    Staff(in_function).list_product(stock=0)

    until("it to be forgotten", lambda: dynamo.get(table, "WATCHERS", name) is None)


@pytest.mark.all
@pytest.mark.cloud
def test_a_shop_closes_although_somebody_watches(tmp_path: Path) -> None:
    assembly = synthesize(print)
    home = Shop(tmp_path)
    shop = home.start(assembly, openapi_path(assembly), free_port(), fresh=False, say=print)
    people.ensure(shop)
    watcher = Watcher(shop.port, Staff(shop).http.post("/staff/map/tickets").json()["path"])

    began = time.monotonic()
    home.stop()

    assert watcher.admitted
    assert list(watcher.messages()) == []
    assert time.monotonic() - began < 8
    assert "Error" not in (tmp_path / "cloud.log").read_text()
