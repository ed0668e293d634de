"""The live feed: who may connect, and what connections receive."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.synth import openapi_path, synthesize
from local import demo_users
from local.shop import RunningShop, Shop
from souk.kernel import aws, dynamo
from souk.kernel.clock import now
from souk.kernel.errors import Forbidden
from souk.kernel.ids import new_id
from souk.kernel.items import to_item
from souk.timeline.domain import RecentEvent
from souk.timeline.usecases import Connections, broadcast, connect, issue_ticket
from tests.conftest import free_port
from tests.deployed import read_log
from tests.journeys.visitor import Guest, Staff, wait_until
from tests.timeline.builders import a_received_event, events_of_a_delivered_order
from tests.timeline.fakes import FakeConnections, FakeLiveFeed
from tests.timeline.test_deployed import place_order
from tests.timeline.websocket_client import WebSocketClient

EVENTS_UNTIL_CONFIRMED = {
    "BasketCheckedOut",
    "OrderPlaced",
    "StockReserved",
    "PaymentAuthorized",
    "OrderConfirmed",
}


def open_connections(connections: Connections) -> list[str]:
    return [connection.connection_id for connection in connections.list_connections()]


def test_a_ticket_opens_one_connection(connections: Connections) -> None:
    ticket = issue_ticket(connections=connections)

    connect("c-1", ticket.token, connections=connections)

    assert open_connections(connections) == ["c-1"]
    with pytest.raises(Forbidden):
        connect("c-2", ticket.token, connections=connections)
    assert open_connections(connections) == ["c-1"]


def test_a_ticket_expires(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("souk.timeline.usecases.TICKET_LIFETIME", timedelta(seconds=-1))
    ticket = issue_ticket(connections=connections)

    with pytest.raises(Forbidden):
        connect("c-1", ticket.token, connections=connections)


@pytest.mark.parametrize("ticket", ["", "never-issued"])
def test_a_connection_without_a_ticket_is_rejected(connections: Connections, ticket: str) -> None:
    with pytest.raises(Forbidden):
        connect("c-1", ticket, connections=connections)


def test_a_closed_connection_is_removed_once_or_twice(connections: Connections) -> None:
    connect("c-1", issue_ticket(connections=connections).token, connections=connections)

    connections.remove("c-1")
    connections.remove("c-1")

    assert connections.list_connections() == []


def test_every_connection_receives_every_event_in_order_of_time() -> None:
    connections, feed = FakeConnections(), FakeLiveFeed()
    for name in ("c-1", "c-2"):
        connect(name, issue_ticket(connections=connections).token, connections=connections)
    events = events_of_a_delivered_order(new_id())

    broadcast(events[::-1], connections=connections, feed=feed, is_out_of_time=lambda: False)

    names = [event.name for event in events]
    sent = [[event.event for event in feed.sent[name]] for name in ("c-1", "c-2")]
    assert sent == [names, names]


def test_the_data_of_an_event_is_not_sent() -> None:
    connections, feed = FakeConnections(), FakeLiveFeed()
    connect("c-1", issue_ticket(connections=connections).token, connections=connections)
    event = a_received_event("StockDepleted", "inventory", sku="LAMP-1")

    broadcast([event], connections=connections, feed=feed, is_out_of_time=lambda: False)

    assert feed.sent["c-1"] == [
        RecentEvent(
            event="StockDepleted",
            service="inventory",
            order_id=None,
            id=event.id,
            at=event.time,
            correlation_id="correlation-1",
        )
    ]


@pytest.mark.parametrize(("age_seconds", "remaining"), [(60, []), (2, ["c-1"])])
def test_a_closed_connection_is_removed_unless_it_may_still_be_opening(
    age_seconds: int, remaining: list[str]
) -> None:
    connections, feed = FakeConnections(), FakeLiveFeed(closed={"c-1"})
    connections.add("c-1", connected_at=now() - timedelta(seconds=age_seconds))

    broadcast(
        [a_received_event()], connections=connections, feed=feed, is_out_of_time=lambda: False
    )

    assert open_connections(connections) == remaining


def test_broadcasting_to_many_connections_stops_when_time_is_up() -> None:
    connections, feed = FakeConnections(), FakeLiveFeed()
    for number in range(5):
        connections.add(f"c-{number}", connected_at=now())

    broadcast(
        [a_received_event()],
        connections=connections,
        feed=feed,
        is_out_of_time=lambda: len(feed.sent) == 2,
    )

    assert list(feed.sent) == ["c-0", "c-1"]


@pytest.mark.cloud
def test_staff_see_the_events_of_an_order_live(shop: RunningShop) -> None:
    staff, guest = Staff(shop), Guest(shop)
    ticket = staff.http.post("/staff/live-feed/tickets").json()
    client = WebSocketClient(shop.port, ticket["path"])

    order_id = place_order(shop, guest)

    received: dict[str, dict[str, Any]] = {}
    for message in client.messages():
        if message["order_id"] == order_id:
            received[message["event"]] = message
        if received.keys() >= EVENTS_UNTIL_CONFIRMED:  # events may arrive in any order
            break
    client.close()
    assert received["PaymentAuthorized"]["service"] == "payment"
    assert {frozenset(message) for message in received.values()} == {
        frozenset({"event", "service", "order_id", "id", "at", "correlation_id"})
    }


@pytest.mark.cloud
def test_a_websocket_needs_an_unused_ticket(shop: RunningShop) -> None:
    ticket = Staff(shop).http.post("/staff/live-feed/tickets")

    first = WebSocketClient(shop.port, ticket.headers["location"])
    second = WebSocketClient(shop.port, ticket.headers["location"])
    without_ticket = WebSocketClient(shop.port, "/live")

    first.close()
    assert first.is_accepted
    assert not second.is_accepted
    assert not without_ticket.is_accepted
    log = wait_until("a log", lambda: read_log(shop, "TimelineConnections"))
    assert "connection rejected" in log
    assert ticket.json()["ticket"] not in log


@pytest.mark.cloud
def test_a_customer_gets_no_ticket(shop: RunningShop) -> None:
    response = Guest(shop).http.post("/staff/live-feed/tickets")

    assert response.status_code == 401


@pytest.mark.cloud
def test_a_closed_connection_does_not_keep_others_from_receiving_events(shop: RunningShop) -> None:
    staff = Staff(shop)
    closed = WebSocketClient(shop.port, staff.http.post("/staff/live-feed/tickets").json()["path"])
    closed.close()
    client = WebSocketClient(shop.port, staff.http.post("/staff/live-feed/tickets").json()["path"])

    sku = staff.list_product(stock=0)

    listed = next(each for each in client.messages() if each["event"] == "ProductListed")
    assert listed["service"] == "catalog"
    assert sku
    client.close()


@pytest.mark.cloud
def test_a_connection_that_api_gateway_does_not_know_is_removed(lambda_env: RunningShop) -> None:
    table = lambda_env.outputs["TimelineTable"]
    connection = {
        "pk": "CONNECTIONS",
        "sk": (connection_id := new_id()),
        "connected_at": "2026-11-24T12:00:00.000Z",
        "expires_at": int((now() + timedelta(hours=1)).timestamp()),
    }
    aws.dynamodb().put_item(TableName=table, Item=to_item(connection))

    Staff(lambda_env).list_product(stock=0)

    wait_until("the removal", lambda: dynamo.get(table, "CONNECTIONS", connection_id) is None)


@pytest.mark.all
@pytest.mark.cloud
def test_a_shop_stops_although_a_websocket_is_open(tmp_path: Path) -> None:
    assembly = synthesize(print)
    home = Shop(tmp_path)
    shop = home.start(assembly, openapi_path(assembly), free_port(), fresh=False, report=print)
    demo_users.ensure_exist(shop)
    ticket = Staff(shop).http.post("/staff/live-feed/tickets").json()
    client = WebSocketClient(shop.port, ticket["path"])

    started_at = time.monotonic()
    home.stop()

    assert client.is_accepted
    assert list(client.messages()) == []
    assert time.monotonic() - started_at < 8
    assert "Error" not in (tmp_path / "cloud.log").read_text()
