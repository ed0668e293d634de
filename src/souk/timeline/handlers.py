"""The timeline's HTTP routes, event subscription and WebSocket connections."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache

from souk.kernel.errors import NotFound
from souk.kernel.events import Event, ReceivedEvent, Subscriptions
from souk.kernel.settings import Settings, load
from souk.runtime.routes import Access, Request, Response, Routes
from souk.timeline import usecases
from souk.timeline.connections import ConnectionStore
from souk.timeline.feed import WebSocketFeed
from souk.timeline.schemas import (
    OrderEventsView,
    RecentEventList,
    TicketView,
    TimelineView,
    order_events_view,
    recent_event_list,
    ticket_view,
    timeline_view,
)
from souk.timeline.store import TimelineStore

ROUTES = Routes()
BROADCAST_SECONDS = 5
"""Time limit for sending a batch to the live feed. The function has 30 s: if it timed out because
of many connections, the queue would deliver the recorded events again."""


class TimelineSettings(Settings, frozen=True, kw_only=True):
    table_name: str


@cache
def timeline() -> TimelineStore:
    return TimelineStore(load(TimelineSettings).table_name)


@cache
def connections() -> ConnectionStore:
    return ConnectionStore(load(TimelineSettings).table_name)


class LiveFeedSettings(Settings, frozen=True, kw_only=True):
    websocket_endpoint: str


@cache
def live_feed() -> WebSocketFeed:
    return WebSocketFeed(load(LiveFeedSettings).websocket_endpoint)


@ROUTES.add(
    "GET",
    "/orders/{order_id}/timeline",
    Access.VISITOR,
    response=TimelineView,
    errors=(NotFound,),
)
def get_timeline(request: Request) -> TimelineView:
    """Read the timeline of one of your orders. It may be a second behind."""
    order_id = request.path["order_id"]
    entries = usecases.get_timeline(order_id, owner=request.caller.owner, timeline=timeline())
    return timeline_view(order_id, entries)


@ROUTES.add(
    "GET", "/orders/{order_id}/timeline", Access.STAFF, response=OrderEventsView, errors=(NotFound,)
)
def get_order_events(request: Request) -> OrderEventsView:
    """Read all events of an order."""
    order_id = request.path["order_id"]
    return order_events_view(order_id, usecases.read_events(order_id, timeline=timeline()))


@ROUTES.add("GET", "/events", Access.STAFF, response=RecentEventList, query=("limit", "service"))
def list_recent_events(request: Request) -> RecentEventList:
    """List recent events of all services or of one, without their data."""
    events = timeline().list_recent(request.limit(), request.query.get("service"))
    return recent_event_list(events)


@ROUTES.add("POST", "/live-feed/tickets", Access.STAFF, response=TicketView, status=201)
def issue_ticket(_request: Request) -> Response:
    """Issue a ticket that opens one WebSocket connection to the live feed within a minute."""
    view = ticket_view(usecases.issue_ticket(connections=connections()))
    return Response(view, 201, {"Location": view.path})


def connect(connection_id: str, ticket: str) -> None:
    usecases.connect(connection_id, ticket, connections=connections())


def disconnect(connection_id: str) -> None:
    connections().remove(connection_id)


def handle_events(events: Sequence[ReceivedEvent]) -> None:
    """Record a batch of events and send it to the live feed."""
    usecases.record_events(events, timeline=timeline())
    deadline = time.monotonic() + BROADCAST_SECONDS
    usecases.broadcast(
        events,
        connections=connections(),
        feed=live_feed(),
        is_out_of_time=lambda: time.monotonic() > deadline,
    )


SUBSCRIPTIONS: Subscriptions = {Event: handle_events}
