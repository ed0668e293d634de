"""Cancels orders and returns items, as customers and staff do."""

from dataclasses import dataclass
from typing import Final

from cli.replay.client import ApiRequest, Client, OutcomeUnknown, problem_slug
from cli.replay.customers import ORDERS_PATH, derive_token, guest_headers
from cli.replay.deliveries import read_order
from cli.replay.matching import Reversal
from cli.replay.polling import poll_until_found
from cli.replay.responses import OrderDetails, ReturnsResponse, ReturnView, parse
from cli.replay.staff import StaffClient

CANCELLED: Final = "cancelled"
RETURNED: Final = "returned"
UNDECIDED: Final = "undecided"  # the outcome of a cancellation that is still being processed


@dataclass(frozen=True)
class ReversalResult:
    """How a reversal ended. Exactly one of `outcome`, `refused` and `failure` is set.

    `outcome` is CANCELLED or RETURNED, `refused` the reason of the shop, `failure` why the outcome
    is unknown. `credited` is what the customer no longer pays for the items, in minor units.
    """

    reversal: Reversal
    outcome: str | None = None
    credited: int = 0
    refused: str | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Reversals:
    """Carries out reversals. `secret` derives the guest tokens and idempotency keys."""

    client: Client
    staff: StaffClient
    secret: bytes

    async def cancel_order(self, reversal: Reversal) -> ReversalResult | None:
        """Request cancellation of the order. None if it was dispatched, so it can be returned."""
        order_id = reversal.purchase.order_id
        customer = guest_headers(self.secret, reversal.purchase.invoice)
        path = f"{ORDERS_PATH}/{order_id}/cancellation"

        async def find_decided() -> OrderDetails | None:
            order = await read_order(self.client, order_id, customer)
            is_decided = order.cancellation and order.cancellation.outcome != UNDECIDED
            return order if is_decided else None

        try:
            response = await self.client.send(ApiRequest("cancel", "POST", path, customer))
            if not response.is_success:
                return None
            order = await poll_until_found(
                f"the cancellation of order {order_id}",
                find_decided,
                timeout_seconds=self.client.retry_policy.order_timeout_seconds,
            )
        except OutcomeUnknown as error:
            return ReversalResult(reversal, failure=str(error))
        if order.status != CANCELLED:
            return None
        return ReversalResult(reversal, outcome=CANCELLED, credited=order.subtotal.amount)

    async def return_items(self, reversal: Reversal) -> ReversalResult:
        """Return the items: the customer requests it, staff accept and restock, the shop refunds.

        Waits for the refund.
        """
        try:
            return await self._return_items(reversal)
        except OutcomeUnknown as error:
            return ReversalResult(reversal, failure=str(error))

    async def _return_items(self, reversal: Reversal) -> ReversalResult:
        order_id = reversal.purchase.order_id
        customer = guest_headers(self.secret, reversal.purchase.invoice)
        path = f"{ORDERS_PATH}/{order_id}/returns"
        lines = [
            {"sku": sku, "quantity": quantity}
            for sku, quantity in sorted(reversal.quantities.items())
        ]
        key = derive_token(self.secret, f"return/{order_id}", reversal.invoice)
        headers = customer | {"Idempotency-Key": key}
        response = await self.client.send(
            ApiRequest("request_return", "POST", path, headers, {"lines": lines})
        )
        if not response.is_success:
            return ReversalResult(reversal, refused=problem_slug(response))
        return_id = parse(ReturnView, response).return_id
        await self._accept(return_id, reversal)

        async def find_refunded() -> ReturnView | None:
            response = await self.client.send(ApiRequest("read_returns", "GET", path, customer))
            if not response.is_success:
                raise OutcomeUnknown(
                    f"the returns of {order_id} could not be read ({problem_slug(response)})"
                )
            returns = parse(ReturnsResponse, response).items
            return next(
                (
                    each
                    for each in returns
                    if each.return_id == return_id and each.status == "refunded"
                ),
                None,
            )

        refunded = await poll_until_found(
            f"the refund of return {return_id}",
            find_refunded,
            timeout_seconds=self.client.retry_policy.order_timeout_seconds,
        )
        return ReversalResult(reversal, outcome=RETURNED, credited=refunded.refund_of_items)

    async def _accept(self, return_id: str, reversal: Reversal) -> None:
        body = {"lines": [{"sku": sku, "restock": True} for sku in sorted(reversal.quantities)]}
        path = f"/api/staff/returns/{return_id}/acceptance"
        response = await self.staff.send(ApiRequest("accept_return", "POST", path, {}, body))
        if not response.is_success:
            raise OutcomeUnknown(
                f"return {return_id} could not be accepted ({problem_slug(response)})"
            )
