"""Stories and those who watch, kept in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from msgspec.structs import replace

from souk.journal.domain import News, Ticket, Watcher, abridged, news, order_of
from souk.kernel.clock import now
from souk.kernel.facts import Heard


class FakeJournal:
    def __init__(self) -> None:
        self._facts: dict[str, Heard] = {}

    def add(self, facts: Sequence[Heard]) -> None:
        self._facts |= {fact.id: replace(fact, data=abridged(fact.data)) for fact in facts}

    def story(self, order_id: str) -> list[Heard]:
        about = (fact for fact in self._facts.values() if order_of(fact) == order_id)
        return sorted(about, key=attrgetter("time", "id"))

    def recent(self, limit: int, room: str | None) -> list[News]:
        found = [news(fact) for fact in self._facts.values() if room in (None, fact.room)]
        return sorted(found, key=attrgetter("at", "id"), reverse=True)[:limit]


class FakeGate:
    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._watchers: dict[str, Watcher] = {}

    def issue(self, ticket: Ticket) -> None:
        self._tickets[ticket.text] = ticket

    def admit(self, connection_id: str, ticket: str) -> bool:
        known = self._tickets.pop(ticket, None)
        if known is None or known.ends <= now():
            return False
        self.watch(connection_id, since=now())
        return True

    def watch(self, connection_id: str, *, since: datetime) -> None:
        self._watchers[connection_id] = Watcher(connection_id, since)

    def watchers(self) -> list[Watcher]:
        return list(self._watchers.values())

    def forget(self, connection_id: str) -> None:
        self._watchers.pop(connection_id, None)


class FakeFeed:
    """What each connection was told; to those who are gone nothing can be."""

    def __init__(self, gone: set[str] | None = None) -> None:
        self._gone = gone or set()
        self.told: defaultdict[str, list[News]] = defaultdict(list)

    def post(self, connection_id: str, told: News) -> bool:
        if connection_id in self._gone:
            return False
        self.told[connection_id].append(told)
        return True
