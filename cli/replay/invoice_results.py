"""What became of one invoice: ordered, delivered, cancelled or returned, and its discrepancies."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from cli.replay.customers import PurchaseResult
from cli.replay.day import CURRENCY, Invoice, InvoiceLine
from cli.replay.internals import OrderBalance, StockBalance
from cli.replay.matching import Purchase
from cli.replay.responses import OrderSummary
from cli.replay.returns import RETURNED, ReversalResult

CONFIRMED_STATUSES: Final = ("confirmed", "dispatched", "delivered", "cancelled")
STOCK_HOLDING_STATUSES: Final = ("confirmed", "dispatched", "delivered")
FINAL_STATUSES: Final = ("rejected", "delivered", "cancelled")
NO_BALANCE: Final = OrderBalance()

StockBySku = Mapping[str, StockBalance]


@dataclass(frozen=True)
class InvoiceResult:
    """One invoice with the result of its purchase and the orders that its guest has in the shop.

    `reversals` are those that the invoice makes, or those of its order. `unmatched` is the reason
    by line number of every cancellation line without an order. `not_dispatched` is the reason why
    the order was not dispatched, `delivery_failure` why the outcome of its delivery is unknown.
    """

    invoice: Invoice
    purchase_result: PurchaseResult
    orders: Sequence[OrderSummary]
    reversals: Sequence[ReversalResult] = ()
    unmatched: Mapping[int, str] = field(default_factory=dict)
    not_dispatched: str | None = None
    delivery_failure: str | None = None
    balance: OrderBalance = NO_BALANCE

    def refusal_reason(self, line: InvoiceLine) -> str | None:
        """Why the line had no effect: its own defect, or the reason of the shop. None if it had."""
        if line.refusal_reason is not None or not line.is_cancellation:
            return line.refusal_reason or self.purchase_result.refused.get(line.sku)
        refused = (it.refused for it in self.reversals if line in it.reversal.lines)
        return self.unmatched.get(line.number) or next(refused, None)

    @property
    def refused_lines(self) -> list[tuple[InvoiceLine, str]]:
        """The lines without effect, with their reasons."""
        return [
            (line, reason) for line in self.invoice.lines if (reason := self.refusal_reason(line))
        ]

    @cached_property
    def ordered_lines(self) -> list[InvoiceLine]:
        return [
            line
            for line in self.invoice.lines
            if not line.is_cancellation and self.refusal_reason(line) is None
        ]

    @property
    def is_refused(self) -> bool:
        return all(self.refusal_reason(line) for line in self.invoice.lines)

    def purchase(self) -> Purchase | None:
        """The confirmed order; None unless there is exactly one order and it was confirmed."""
        if len(self.orders) != 1 or not self.orders[0].was_confirmed:
            return None
        quantities: Counter[str] = Counter()
        for line in self.ordered_lines:
            quantities[line.sku] += line.quantity
        first = self.invoice.lines[0]
        return Purchase(
            self.invoice.number, self.orders[0].order_id, first.customer, first.at, quantities
        )

    @property
    def items_kept(self) -> int:
        """Number of items of the confirmed order without the returned ones."""
        if self.orders[0].status not in STOCK_HOLDING_STATUSES:
            return 0
        returned = sum(
            sum(it.reversal.quantities.values()) for it in self.reversals if it.outcome == RETURNED
        )
        return sum(line.quantity for line in self.ordered_lines) - returned

    @property
    def value_kept(self) -> int:
        """What the customer has to have paid for the delivered items that were not returned.

        In minor units. Includes shipping unless all items were returned.
        """
        order = self.orders[0]
        if order.status != "delivered" or not self.items_kept:
            return 0
        returned = sum(it.reversal.value for it in self.reversals if it.outcome == RETURNED)
        shipping = order.total.amount - order.subtotal.amount
        return sum(line.value for line in self.ordered_lines) - returned + shipping

    def ordered_value(self, *statuses: str) -> int:
        """The sum of the subtotals of its orders with one of these statuses; by default, all."""
        return sum(
            order.subtotal.amount
            for order in self.orders
            if not statuses or order.status in statuses
        )

    def discrepancies(self) -> Iterator[str]:
        """One sentence for each difference between the invoice and the shop."""
        name, count = f"Invoice {self.invoice.number}", len(self.orders)
        if count > 1:
            ids = ", ".join(order.order_id for order in self.orders)
            yield f"{name} has {count} orders instead of one: {ids}."
        elif count and not self.ordered_lines:
            yield f"{name} was refused, but order {self.orders[0].order_id} exists."
        elif count:
            yield from self._order_discrepancies(name, self.orders[0])
        elif self.ordered_lines:
            reason = self.purchase_result.failure or "the customer saw one, but it no longer exists"
            yield f"{name} has no order: {reason}."
        if self.invoice.cancellation_lines:
            yield from _reversal_discrepancies(name, self.reversals)

    def _order_discrepancies(self, name: str, order: OrderSummary) -> Iterator[str]:
        ordered = self.ordered_lines
        if order.is_open:
            yield f"{name} is neither confirmed nor rejected: {order.order_id} is {order.status}."
        elif order.status not in FINAL_STATUSES and self.not_dispatched is None:
            reason = f" ({self.delivery_failure})" if self.delivery_failure else ""
            yield f"{name} is not delivered: {order.order_id} is {order.status}{reason}."
        value, line_count = sum(line.value for line in ordered), len({it.sku for it in ordered})
        subtotal = order.subtotal
        if (subtotal.amount, subtotal.currency) != (value, CURRENCY):
            actual = f"{subtotal.currency} {subtotal.amount}"
            yield f"{name} is ordered for {actual} instead of {CURRENCY} {value} (minor units)."
        if order.line_count != line_count:
            yield f"{name} is ordered with {order.line_count} lines instead of {line_count}."
        yield from self.balance_discrepancies()

    def balance_discrepancies(self) -> Iterator[str]:
        """One sentence for each difference of money or stock. Pending events may explain it."""
        if len(self.orders) != 1:
            return
        name, balance = f"Order {self.orders[0].order_id}", self.balance
        if balance.paid != self.value_kept:
            yield (
                f"{name}: {balance.captured} captured and {balance.refunded} refunded, but the"
                f" items kept are worth {self.value_kept} (minor units)."
            )
        if balance.items != self.items_kept:
            yield (
                f"{name}: {balance.items} items are reserved or sold for it instead of"
                f" {self.items_kept}."
            )


def _reversal_discrepancies(name: str, reversals: Sequence[ReversalResult]) -> Iterator[str]:
    for it in reversals:
        order_id = it.reversal.purchase.order_id
        if it.failure:
            yield f"{name}: the reversal of order {order_id} has an unknown outcome: {it.failure}."
        elif it.outcome and it.credited != it.reversal.value:
            yield (
                f"{name} is credited {it.credited} for items worth {it.reversal.value}"
                " (minor units)."
            )


def stock_discrepancies(stock: StockBySku) -> Iterator[str]:
    """One sentence for each SKU whose items do not add up to the number received."""
    for sku, balance in sorted(stock.items()):
        if not balance.is_balanced:
            yield (
                f"{sku}: {balance.received} received, but {balance.available} available,"
                f" {balance.reserved} reserved and {balance.sold} sold."
            )
