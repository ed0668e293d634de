"""Facts ordering says."""

from __future__ import annotations

from souk.kernel.facts import Fact
from souk.kernel.money import Money


class OrderPlaced(Fact, frozen=True, kw_only=True):
    """The order exists; nothing is reserved or charged yet."""

    order_id: str
    owner: str
    contact_id: str
    line_count: int
    total: Money
    placed_at: str
