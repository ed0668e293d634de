"""The journal's routes, and what it does with every fact there is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache

from souk.edges.routes import Access, Answer, Call, Routes
from souk.journal import usecases
from souk.journal.feed import SocketFeed
from souk.journal.gate import GateStore
from souk.journal.store import JournalStore
from souk.journal.wire import (
    NewsPage,
    StoryView,
    TicketView,
    TimelineView,
    news_page,
    story_view,
    ticket_view,
    timeline_view,
)
from souk.kernel.errors import NotFound
from souk.kernel.facts import Fact, Heard, Hears
from souk.kernel.settings import Settings, load

ROUTES = Routes()
TELLING_SECONDS = 5
"""Of a function's 30: however many watch, what is kept is not heard again for their sake."""


class JournalSettings(Settings, frozen=True, kw_only=True):
    table_name: str


@cache
def journal() -> JournalStore:
    return JournalStore(load(JournalSettings).table_name)


@cache
def gate() -> GateStore:
    return GateStore(load(JournalSettings).table_name)


class FeedSettings(Settings, frozen=True, kw_only=True):
    live_endpoint: str


@cache
def feed() -> SocketFeed:
    return SocketFeed(load(FeedSettings).live_endpoint)


@ROUTES.add(
    "GET",
    "/orders/{order_id}/timeline",
    Access.VISITOR,
    answer=TimelineView,
    refusals=(NotFound,),
)
def read_timeline(call: Call) -> TimelineView:
    """Read what happened to one of your orders; a step may be a second behind."""
    order_id = call.path["order_id"]
    entries = usecases.read_timeline(order_id, owner=call.visitor.owner, journal=journal())
    return timeline_view(order_id, entries)


@ROUTES.add(
    "GET", "/orders/{order_id}/timeline", Access.STAFF, answer=StoryView, refusals=(NotFound,)
)
def read_story(call: Call) -> StoryView:
    """Read all that was said of an order, fact by fact."""
    order_id = call.path["order_id"]
    return story_view(order_id, usecases.read_story(order_id, journal=journal()))


@ROUTES.add("GET", "/facts", Access.STAFF, answer=NewsPage, query=("limit", "room"))
def list_news(call: Call) -> NewsPage:
    """List what was said lately, by all rooms or by one, without what it says."""
    return news_page(journal().recent(call.limit(), call.query.get("room")))


@ROUTES.add("POST", "/map/tickets", Access.STAFF, answer=TicketView, status=201)
def issue_ticket(_call: Call) -> Answer:
    """Get a ticket that opens one WebSocket within a minute, to be told facts as they are said."""
    view = ticket_view(usecases.issue_ticket(gate=gate()))
    return Answer(view, 201, {"Location": view.path})


def admit(connection_id: str, ticket: str) -> None:
    usecases.admit(connection_id, ticket, gate=gate())


def forget(connection_id: str) -> None:
    gate().forget(connection_id)


def hear(facts: Sequence[Heard]) -> None:
    """Take a batch of facts, whoever says them."""
    usecases.keep(facts, journal=journal())
    until = time.monotonic() + TELLING_SECONDS
    usecases.tell(facts, gate=gate(), feed=feed(), enough=lambda: time.monotonic() > until)


HEARS: Hears = {Fact: hear}
