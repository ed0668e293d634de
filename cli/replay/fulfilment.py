"""Plays a day on from the confirmed orders: some are undone, the rest is sent, some comes back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cli.replay.client import Client, Lost
from cli.replay.crowd import each
from cli.replay.customers import guest
from cli.replay.entries import Entry
from cli.replay.matching import Claim, match
from cli.replay.parcels import Parcels
from cli.replay.staff import SignedIn
from cli.replay.way_back import Outcome, WayBack


@dataclass(frozen=True)
class Fulfilment:
    """Whoever undoes a whole order is quicker than the warehouse, which begins afterwards."""

    client: Client
    staff: SignedIn
    notice_secret: str
    secret: bytes
    concurrency: int
    pause: float
    tick: Callable[[int], None]

    async def run(self, entries: Sequence[Entry]) -> list[Entry]:
        """The entries with what became of their parcels and claims; one tick for each of them."""
        purchases = [bought for of in entries if (bought := of.purchase())]
        matching = match((of.invoice for of in entries), purchases)
        undone = await self._undo([it for it in matching.claims if it.undoes])
        sent = await self._send(entries, {it.claim.purchase.order_id for it in undone})
        settled = {it.claim.key for it in undone}
        returned = await self._return([it for it in matching.claims if it.key not in settled])
        return [_with(of, [*undone, *returned], matching.refused) for of in sent]

    async def _undo(self, claims: Sequence[Claim]) -> list[Outcome]:
        """Of those that came in time; the rest is left to be sent and returned."""
        way_back = WayBack(self.client, self.staff, self.secret)
        found = await each(claims, way_back.undo, at_once=self.concurrency)
        return [outcome for outcome in found if outcome]

    async def _send(self, entries: Sequence[Entry], undone: set[str]) -> list[Entry]:
        parcels = Parcels(self.client, self.staff, self.notice_secret, self.pause)

        async def send(entry: Entry) -> Entry:
            bought = entry.purchase()
            if bought and bought.order_id not in undone:
                entry = await self._bring(parcels, entry, bought.order_id)
            self.tick(1)
            return entry

        return await each(entries, send, at_once=self.concurrency)

    async def _bring(self, parcels: Parcels, entry: Entry, order_id: str) -> Entry:
        if entry.orders[0].status == "delivered":
            return entry
        try:
            stays = await parcels.bring(order_id, guest(self.secret, entry.invoice.number))
        except Lost as error:
            return replace(entry, lost=str(error))
        return replace(entry, stays=stays)

    async def _return(self, claims: Sequence[Claim]) -> list[Outcome]:
        way_back = WayBack(self.client, self.staff, self.secret)
        return await each(claims, way_back.give_back, at_once=self.concurrency)


def _with(entry: Entry, outcomes: Sequence[Outcome], unclaimed: dict[int, str]) -> Entry:
    number = entry.invoice.number
    back = [it for it in outcomes if number in (it.claim.number, it.claim.purchase.invoice)]
    return replace(entry, back=back, unclaimed=unclaimed)
