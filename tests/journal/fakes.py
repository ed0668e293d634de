"""Stories kept in memory."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from msgspec.structs import replace

from souk.journal.domain import News, abridged, news, order_of
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
