"""The figures of a day, counted from its orders (decision 25)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from souk.kernel.money import Money
from souk.ordering.domain import REJECTION_REASONS, OrderStatus, RejectionReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from souk.ordering.domain import OrderSummary


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The orders placed on one day, by their current status.

    `revenue` is the sum of the totals of confirmed orders that were not cancelled, per currency.
    Refunds of returns are not subtracted.
    """

    orders: int
    by_status: dict[OrderStatus, int]
    rejections: dict[RejectionReason, int]
    revenue: list[Money]


def count_figures(orders: Iterable[OrderSummary]) -> DayFigures:
    by_status = dict.fromkeys(OrderStatus, 0)
    rejections = dict.fromkeys(REJECTION_REASONS, 0)
    revenue: Counter[str] = Counter()
    for order in orders:
        by_status[order.status] += 1
        if order.rejection is not None:
            rejections[order.rejection.reason] += 1
        if order.status.has_been_confirmed and order.status is not OrderStatus.CANCELLED:
            revenue[order.total.currency] += order.total.amount
    return DayFigures(
        orders=sum(by_status.values()),
        by_status=by_status,
        rejections=rejections,
        revenue=[Money(amount, currency) for currency, amount in sorted(revenue.items())],
    )
