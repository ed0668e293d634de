"""Response bodies of the journal's routes."""

from __future__ import annotations

from typing import Any

import msgspec

from souk.journal.domain import Entry, News, Ticket
from souk.kernel.clock import stamp
from souk.kernel.facts import Heard
from souk.kernel.money import Money


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the order: a slug, a sentence, when; and what belongs to this kind of step."""

    slug: str
    says: str
    at: str
    reason: str | None
    carrier: str | None
    tracking_number: str | None
    amount: Money | None


class TimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """An order's steps as its customer reads them, oldest first."""

    order_id: str
    items: list[EntryView]


class SaidView(msgspec.Struct, frozen=True, kw_only=True):
    """A fact about the order. `body` is what it says; of a long list there are the first few."""

    fact: str
    room: str
    id: str
    at: str
    correlation_id: str
    causation_id: str | None
    body: dict[str, Any]


class StoryView(msgspec.Struct, frozen=True, kw_only=True):
    """All that any room said of an order, oldest first."""

    order_id: str
    items: list[SaidView]


class NewsView(msgspec.Struct, frozen=True, kw_only=True):
    """That a room said something, as the live map shows it."""

    fact: str
    room: str
    order_id: str | None
    id: str
    at: str
    correlation_id: str


class NewsPage(msgspec.Struct, frozen=True, kw_only=True):
    """The newest facts there are, newest first; some of a busy day are left out."""

    items: list[NewsView]


class TicketView(msgspec.Struct, frozen=True, kw_only=True):
    """Opens one WebSocket at `path`, once, until it expires. Each message there is a NewsView."""

    ticket: str
    path: str
    expires_at: str


def ticket_view(ticket: Ticket) -> TicketView:
    path = f"/live?ticket={ticket.text}"
    return TicketView(ticket=ticket.text, path=path, expires_at=stamp(ticket.ends))


def timeline_view(order_id: str, entries: list[Entry]) -> TimelineView:
    items = [EntryView(**msgspec.structs.asdict(entry)) for entry in entries]
    return TimelineView(order_id=order_id, items=items)


def story_view(order_id: str, story: list[Heard]) -> StoryView:
    items = [
        SaidView(
            fact=fact.name,
            room=fact.room,
            id=fact.id,
            at=fact.time,
            correlation_id=fact.correlation_id,
            causation_id=fact.causation_id,
            body=fact.data,
        )
        for fact in story
    ]
    return StoryView(order_id=order_id, items=items)


def news_page(news: list[News]) -> NewsPage:
    return NewsPage(items=[NewsView(**msgspec.structs.asdict(each)) for each in news])
