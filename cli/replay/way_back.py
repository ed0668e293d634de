"""Plays customers who undo an order or send something back, and the staff who take it."""

from dataclasses import dataclass
from typing import Final

from cli.replay.answers import OrderStory, ReturnsAnswer, ReturnState, read
from cli.replay.client import Ask, Client, Lost, slug
from cli.replay.customers import ORDERS, derive, guest
from cli.replay.matching import Claim
from cli.replay.parcels import read_order
from cli.replay.staff import SignedIn
from cli.replay.waiting import until

CANCELLED: Final = "cancelled"
RETURNED: Final = "returned"
OPEN: Final = "undecided"


@dataclass(frozen=True)
class Outcome:
    """What became of a claim: how it ended, or why the shop refused it, or that nobody knows.

    `goods` is what the shop gave back for the goods, in minor units.
    """

    claim: Claim
    ended: str | None = None
    goods: int = 0
    refused: str | None = None
    lost: str | None = None


@dataclass(frozen=True)
class WayBack:
    client: Client
    staff: SignedIn
    secret: bytes

    async def undo(self, claim: Claim) -> Outcome | None:
        """Ask to cancel the whole order; None when it has left already, and can be returned."""
        order_id, customer = claim.purchase.order_id, guest(self.secret, claim.purchase.invoice)
        path = f"{ORDERS}/{order_id}/cancellation"

        async def decided() -> OrderStory | None:
            order = await read_order(self.client, order_id, customer)
            return order if order.cancellation and order.cancellation.outcome != OPEN else None

        try:
            asked = await self.client.ask(Ask("cancel", "POST", path, customer))
            if not asked.is_success:
                return None
            within = self.client.patience.order
            order = await until(f"cancelling order {order_id}", decided, within=within)
        except Lost as error:
            return Outcome(claim, lost=str(error))
        if order.status != CANCELLED:
            return None
        return Outcome(claim, ended=CANCELLED, goods=order.subtotal.amount)

    async def give_back(self, claim: Claim) -> Outcome:
        """Send the claimed pieces back; staff put them on the shelf and the refund follows."""
        try:
            return await self._give_back(claim)
        except Lost as error:
            return Outcome(claim, lost=str(error))

    async def _give_back(self, claim: Claim) -> Outcome:
        order_id, customer = claim.purchase.order_id, guest(self.secret, claim.purchase.invoice)
        path = f"{ORDERS}/{order_id}/returns"
        lines = [{"sku": sku, "quantity": count} for sku, count in sorted(claim.pieces.items())]
        key = {"Idempotency-Key": derive(self.secret, f"return/{order_id}", claim.number)}
        asked = await self.client.ask(
            Ask("ask_return", "POST", path, customer | key, {"lines": lines})
        )
        if not asked.is_success:
            return Outcome(claim, refused=slug(asked))
        return_id = read(ReturnState, asked).return_id
        await self._accept(return_id, claim)

        async def refunded() -> ReturnState | None:
            answer = await self.client.ask(Ask("read_returns", "GET", path, customer))
            if not answer.is_success:
                raise Lost(f"the returns of {order_id} could not be read ({slug(answer)})")
            mine = [it for it in read(ReturnsAnswer, answer).items if it.return_id == return_id]
            return next((it for it in mine if it.status == "refunded"), None)

        within = self.client.patience.order
        back = await until(f"the refund of return {return_id}", refunded, within=within)
        return Outcome(claim, ended=RETURNED, goods=back.goods)

    async def _accept(self, return_id: str, claim: Claim) -> None:
        body = {"lines": [{"sku": sku, "restock": True} for sku in sorted(claim.pieces)]}
        path = f"/api/staff/returns/{return_id}/acceptance"
        answer = await self.staff.ask(Ask("accept_return", "POST", path, {}, body))
        if not answer.is_success:
            raise Lost(f"return {return_id} could not be accepted ({slug(answer)})")
