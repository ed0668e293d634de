"""What became of one invoice of the day: what was ordered, sent, kept and taken back."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from cli.replay.answers import OrderSummary
from cli.replay.backstage import Account, Shelf
from cli.replay.customers import Visit
from cli.replay.day import CURRENCY, Invoice, Line
from cli.replay.matching import Purchase
from cli.replay.way_back import RETURNED, Outcome

CONFIRMED: Final = ("confirmed", "dispatched", "delivered", "cancelled")
HELD: Final = ("confirmed", "dispatched", "delivered")
FINAL: Final = ("rejected", "delivered", "cancelled")
NOTHING: Final = Account()

Shelves = Mapping[str, Shelf]


@dataclass(frozen=True)
class Entry:
    """One invoice: what its customer was told, and the orders the shop has of its visitor.

    `back` are the claims it makes, or those on its order; `unclaimed` its lines that nothing
    bought fits, by number, with the reason; `stays` why its parcel was not sent.
    """

    invoice: Invoice
    visit: Visit
    orders: Sequence[OrderSummary]
    back: Sequence[Outcome] = ()
    unclaimed: Mapping[int, str] = field(default_factory=dict)
    stays: str | None = None
    lost: str | None = None
    account: Account = NOTHING

    def reason(self, line: Line) -> str | None:
        """Why this line came to nothing, if the reader of the file or the shop refused it."""
        if line.refusal is not None or not line.takes_back:
            return line.refusal or self.visit.refused.get(line.sku)
        refused = (it.refused for it in self.back if line in it.claim.lines)
        return self.unclaimed.get(line.number) or next(refused, None)

    @property
    def refusals(self) -> list[tuple[Line, str]]:
        return [(line, why) for line in self.invoice.lines if (why := self.reason(line))]

    @cached_property
    def kept(self) -> list[Line]:
        """The lines that were ordered."""
        lines = self.invoice.lines
        return [line for line in lines if not line.takes_back and self.reason(line) is None]

    @property
    def is_refused(self) -> bool:
        return all(self.reason(line) for line in self.invoice.lines)

    def purchase(self) -> Purchase | None:
        """What was bought for sure; None without one order that was confirmed."""
        if len(self.orders) != 1 or not self.orders[0].was_confirmed:
            return None
        pieces: Counter[str] = Counter()
        for line in self.kept:
            pieces[line.sku] += line.quantity
        first = self.invoice.lines[0]
        return Purchase(
            self.invoice.number, self.orders[0].order_id, first.customer, first.at, pieces
        )

    @property
    def pieces_kept(self) -> int:
        """Of the confirmed order, without what came back."""
        if self.orders[0].status not in HELD:
            return 0
        came_back = sum(sum(it.claim.pieces.values()) for it in self.back if it.ended == RETURNED)
        return sum(line.quantity for line in self.kept) - came_back

    @property
    def value_kept(self) -> int:
        """What is paid for what was delivered and kept; its shipping, unless all came back."""
        order = self.orders[0]
        if order.status != "delivered" or not self.pieces_kept:
            return 0
        came_back = sum(it.claim.value for it in self.back if it.ended == RETURNED)
        shipping = order.total.amount - order.subtotal.amount
        return sum(line.value for line in self.kept) - came_back + shipping

    def ordered(self, *statuses: str) -> int:
        """What its orders in one of these states come to; all of them when none is named."""
        return sum(
            order.subtotal.amount
            for order in self.orders
            if not statuses or order.status in statuses
        )

    def discrepancies(self) -> Iterator[str]:
        """Each thing about this invoice that does not match, in a sentence."""
        name, count = f"Invoice {self.invoice.number}", len(self.orders)
        if count > 1:
            ids = ", ".join(order.order_id for order in self.orders)
            yield f"{name} has {count} orders instead of one: {ids}."
        elif count and not self.kept:
            yield f"{name} was refused, yet order {self.orders[0].order_id} is in the shop."
        elif count:
            yield from self._differences(name, self.orders[0])
        elif self.kept:
            yield f"{name} has no order: {self.visit.lost or 'though its customer saw one'}."
        if self.invoice.takes_back:
            yield from _lost(name, self.back)

    def _differences(self, name: str, order: OrderSummary) -> Iterator[str]:
        kept = self.kept
        if order.is_open:
            yield f"{name} is neither confirmed nor rejected: {order.order_id} is {order.status}."
        elif order.status not in FINAL and self.stays is None:
            why = f" ({self.lost})" if self.lost else ""
            yield f"{name} is not delivered: {order.order_id} is {order.status}{why}."
        value, lines = sum(line.value for line in kept), len({line.sku for line in kept})
        theirs = order.subtotal
        if (theirs.amount, theirs.currency) != (value, CURRENCY):
            actual = f"{theirs.currency} {theirs.amount}"
            yield f"{name} is ordered for {actual} instead of {CURRENCY} {value} (minor units)."
        if order.line_count != lines:
            yield f"{name} is ordered with {order.line_count} lines instead of {lines}."
        yield from self.unsettled()

    def unsettled(self) -> Iterator[str]:
        """How its money and goods differ from what was kept of it; they may be on their way."""
        if len(self.orders) != 1:
            return
        name, account = f"Order {self.orders[0].order_id}", self.account
        if account.kept != self.value_kept:
            money = f"{account.captured} are captured and {account.refunded} refunded"
            yield f"{name}: {money}, but what was kept is worth {self.value_kept} (minor units)."
        if account.pieces != self.pieces_kept:
            yield f"{name}: {account.pieces} pieces are its own instead of {self.pieces_kept}."


def _lost(name: str, back: Sequence[Outcome]) -> Iterator[str]:
    for it in back:
        order_id = it.claim.purchase.order_id
        if it.lost:
            yield f"{name} takes back from order {order_id}, nobody knows how it ended: {it.lost}."
        elif it.ended and it.goods != it.claim.value:
            yield f"{name} is given {it.goods} for goods worth {it.claim.value} (minor units)."


def shelves_that_differ(shelves: Shelves) -> Iterator[str]:
    """Each SKU whose pieces are more or fewer than were received, in a sentence."""
    for sku, of in sorted(shelves.items()):
        if not of.balances:
            there = f"{of.available} available, {of.reserved} reserved and {of.sold} sold"
            yield f"Of {sku} {of.received} were received, but there are {there}."
