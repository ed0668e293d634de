"""Processes the confirmed orders of a day: cancels, delivers and returns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cli.replay.client import Client, OutcomeUnknown
from cli.replay.concurrency import run_concurrently
from cli.replay.customers import guest_headers
from cli.replay.deliveries import Deliveries
from cli.replay.invoice_results import InvoiceResult
from cli.replay.matching import Reversal, match_reversals
from cli.replay.returns import ReversalResult, Reversals
from cli.replay.staff import StaffClient


@dataclass(frozen=True)
class Fulfilment:
    """Cancellations of whole orders come first, then the deliveries, then the returns."""

    client: Client
    staff: StaffClient
    webhook_secret: str
    secret: bytes
    concurrency: int
    pause_seconds: float
    report_steps: Callable[[int], None]

    async def run(self, results: Sequence[InvoiceResult]) -> list[InvoiceResult]:
        """The results, completed by deliveries and reversals. Reports one step per result."""
        purchases = [purchase for result in results if (purchase := result.purchase())]
        matches = match_reversals((result.invoice for result in results), purchases)
        cancelled = await self._cancel([it for it in matches.reversals if it.is_whole_order])
        cancelled_orders = {it.reversal.purchase.order_id for it in cancelled}
        delivered = await self._deliver(results, cancelled_orders)
        done = {it.reversal.key for it in cancelled}
        returned = await self._return([it for it in matches.reversals if it.key not in done])
        reversals = [*cancelled, *returned]
        return [_with_reversals(result, reversals, matches.unmatched) for result in delivered]

    async def _cancel(self, reversals: Sequence[Reversal]) -> list[ReversalResult]:
        """The results of the orders that were not dispatched yet. The others are returned."""
        processor = Reversals(self.client, self.staff, self.secret)
        results = await run_concurrently(reversals, processor.cancel_order, limit=self.concurrency)
        return [result for result in results if result]

    async def _deliver(
        self, results: Sequence[InvoiceResult], cancelled_orders: set[str]
    ) -> list[InvoiceResult]:
        deliveries = Deliveries(self.client, self.staff, self.webhook_secret, self.pause_seconds)

        async def deliver(result: InvoiceResult) -> InvoiceResult:
            purchase = result.purchase()
            if purchase and purchase.order_id not in cancelled_orders:
                result = await self._deliver_order(deliveries, result, purchase.order_id)
            self.report_steps(1)
            return result

        return await run_concurrently(results, deliver, limit=self.concurrency)

    async def _deliver_order(
        self, deliveries: Deliveries, result: InvoiceResult, order_id: str
    ) -> InvoiceResult:
        if result.orders[0].status == "delivered":
            return result
        customer = guest_headers(self.secret, result.invoice.number)
        try:
            not_dispatched = await deliveries.deliver(order_id, customer)
        except OutcomeUnknown as error:
            return replace(result, delivery_failure=str(error))
        return replace(result, not_dispatched=not_dispatched)

    async def _return(self, reversals: Sequence[Reversal]) -> list[ReversalResult]:
        processor = Reversals(self.client, self.staff, self.secret)
        return await run_concurrently(reversals, processor.return_items, limit=self.concurrency)


def _with_reversals(
    result: InvoiceResult, reversals: Sequence[ReversalResult], unmatched: dict[int, str]
) -> InvoiceResult:
    number = result.invoice.number
    own = [it for it in reversals if number in (it.reversal.invoice, it.reversal.purchase.invoice)]
    return replace(result, reversals=own, unmatched=unmatched)
