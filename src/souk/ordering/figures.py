"""What a day's orders come to, counted from the orders themselves (decision 25)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from souk.kernel.money import Money
from souk.ordering.domain import REASONS, Reason, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from souk.ordering.domain import Summary


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of all orders placed on one day, as they stand now. `revenue` is the totals of those that
    were confirmed and not cancelled, by currency; returns are not taken off."""

    orders: int
    by_status: dict[Status, int]
    rejections: dict[Reason, int]
    revenue: list[Money]


def figures(orders: Iterable[Summary]) -> Figures:
    stand = dict.fromkeys(Status, 0)
    rejections = dict.fromkeys(REASONS, 0)
    revenue: Counter[str] = Counter()
    for order in orders:
        stand[order.status] += 1
        if order.rejection is not None:
            rejections[order.rejection.reason] += 1
        if order.status.was_confirmed and order.status is not Status.CANCELLED:
            revenue[order.total.currency] += order.total.amount
    return Figures(
        orders=sum(stand.values()),
        by_status=stand,
        rejections=rejections,
        revenue=[Money(amount, currency) for currency, amount in sorted(revenue.items())],
    )
