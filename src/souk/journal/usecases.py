"""What is done with what the rooms say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from souk.journal.domain import Entry, owner_of, timeline
from souk.kernel.errors import NotFound
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
