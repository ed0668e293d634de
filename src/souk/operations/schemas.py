"""Response bodies of the operations routes."""

from __future__ import annotations

import msgspec

from souk.operations.dead_letters import DeadLetter


class QueueDepthView(msgspec.Struct, frozen=True, kw_only=True):
    """Approximate message counts of a queue. `id` is its logical id, as on the live map."""

    id: str
    visible: int
    in_flight: int


class QueueDepthList(msgspec.Struct, frozen=True, kw_only=True):
    """All queues of the shop, dead-letter queues included."""

    items: list[QueueDepthView]


class DeadLetterList(msgspec.Struct, frozen=True, kw_only=True):
    """Up to ten dead-letter messages, in no particular order."""

    items: list[DeadLetter]


class RedriveResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The number of messages moved. A message that fails again returns to the dead-letter queue."""

    moved: int
