"""What is done with what the rooms say."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from itertools import takewhile
from operator import attrgetter
from typing import Protocol

from souk.journal.domain import (
    SETTLING,
    TICKET_LIFE,
    Entry,
    News,
    Ticket,
    Watcher,
    news,
    owner_of,
    timeline,
)
from souk.kernel.clock import now
from souk.kernel.errors import Forbidden, NotFound
from souk.kernel.facts import Heard


class Journal(Protocol):
    """Where the stories are kept."""

    def add(self, facts: Sequence[Heard]) -> None:
        """Keep these facts; one that is kept already stays as it is."""

    def story(self, order_id: str) -> list[Heard]:
        """All that was said of an order, oldest first; nothing of one nobody spoke of."""


def keep(facts: Sequence[Heard], *, journal: Journal) -> None:
    """Keep what was said. Heard twice, late or in another order it comes to the same."""
    journal.add(facts)


def read_timeline(order_id: str, *, owner: str, journal: Journal) -> list[Entry]:
    """Raises NotFound for a stranger's order too: nobody learns that it exists."""
    story = journal.story(order_id)
    if owner_of(story) != owner:
        raise NotFound(f"there is no order {order_id}")
    return timeline(story)


def read_story(order_id: str, *, journal: Journal) -> list[Heard]:
    """All of it. Raises NotFound for an order nobody ever spoke of."""
    story = journal.story(order_id)
    if not story:
        raise NotFound(f"there is no order {order_id}")
    return story


class Gate(Protocol):
    """Who may watch, and who does."""

    def issue(self, ticket: Ticket) -> None:
        """Let this ticket in."""

    def admit(self, connection_id: str, ticket: str) -> bool:
        """Take the ticket and note the connection; False, and nothing, if it is none any more."""

    def watchers(self) -> list[Watcher]:
        """The connections noted and not forgotten."""

    def forget(self, connection_id: str) -> None:
        """The connection is no more."""


class Feed(Protocol):
    def post(self, connection_id: str, told: News) -> bool:
        """Send it to a connection; False when that is gone, or not there yet."""


def issue_ticket(*, gate: Gate) -> Ticket:
    ticket = Ticket(secrets.token_urlsafe(24), now() + TICKET_LIFE)
    gate.issue(ticket)
    return ticket


def admit(connection_id: str, ticket: str, *, gate: Gate) -> None:
    """Let a connection in for its ticket. Raises Forbidden: never had, used, or too old."""
    if not gate.admit(connection_id, ticket):
        raise Forbidden("this ticket lets nobody in any more; ask for a new one")


def tell(facts: Sequence[Heard], *, gate: Gate, feed: Feed, enough: Callable[[], bool]) -> None:
    """Tell those who watch that these were said, until it is enough for now.

    It is a picture of the moment: nothing is repeated.
    """
    told = [news(fact) for fact in sorted(facts, key=attrgetter("time", "id"))]
    for watcher in takewhile(lambda _: not enough(), gate.watchers()):
        is_there = all(feed.post(watcher.connection_id, each) for each in told)
        if not is_there and now() - watcher.since > SETTLING:
            gate.forget(watcher.connection_id)
