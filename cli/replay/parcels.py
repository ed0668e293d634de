"""Plays the warehouse, which sends each parcel, and the carrier, which hands it over."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from time import perf_counter
from typing import Final, NamedTuple

import httpx

from cli.replay.answers import OrderStory, ShipmentCard, read
from cli.replay.client import Ask, Client, Lost, slug
from cli.replay.customers import ORDERS
from cli.replay.staff import SignedIn
from cli.replay.waiting import until

CARRIER: Final = "souk-post"
LEFT: Final = ("dispatched", "delivered")
CANCELLED: Final = "cancelled"


def signature(body: bytes, secret: str, moment: int) -> str:
    """The `Carrier-Signature` of a notice; `moment` is Unix time."""
    signed = f"{moment}.".encode() + body
    return f"t={moment},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


class Decided(NamedTuple):
    """The parcel, or why it stays in the warehouse."""

    parcel: ShipmentCard | None
    stays: str | None


@dataclass(frozen=True)
class Parcels:
    """`pause` is how many seconds a parcel lies in the warehouse, and is on its way."""

    client: Client
    staff: SignedIn
    secret: str
    pause: float = 0.0

    async def bring(self, order_id: str, customer: dict[str, str]) -> str | None:
        """Send a confirmed order and hand it over; return why it stays here, if it does.

        Lost when the shop does not say how it ended. What was sent before is only looked at.
        """
        await asyncio.sleep(self.pause)

        async def decided() -> Decided | None:
            return await self._dispatch(order_id)

        within = self.client.patience.order
        parcel, stays = await until(f"sending order {order_id}", decided, within=within)
        if parcel is not None:
            await asyncio.sleep(self.pause)
            await self._hand_over(parcel.tracking_number or "")
            await self._arrives(order_id, customer, parcel)
        return stays

    async def _dispatch(self, order_id: str) -> Decided | None:
        """The parcel that left, or why none does; None as long as that is not decided."""
        path = f"/api/staff/shipments/{order_id}/dispatch"
        answer = await self.staff.ask(Ask("dispatch", "POST", path, {}, {"carrier": CARRIER}))
        if answer.is_success:
            card = read(ShipmentCard, answer)
            return Decided(card, None) if card.state in LEFT else None
        if answer.status_code == HTTPStatus.NOT_FOUND:  # the shipment is made from a fact
            return None
        if answer.status_code == HTTPStatus.CONFLICT:
            return Decided(None, _why(answer))
        raise Lost(f"order {order_id} could not be sent ({slug(answer)})")

    async def _hand_over(self, number: str) -> None:
        body = json.dumps({"tracking_number": number, "event": "delivered"}).encode()
        headers = {
            "Carrier-Signature": signature(body, self.secret, int(time.time())),
            "Content-Type": "application/json",
        }
        path = f"/api/carriers/{CARRIER}/notices"
        answer = await self.client.ask(Ask("carrier_notice", "POST", path, headers, body))
        if not answer.is_success:
            raise Lost(f"the shop does not take notice of parcel {number} ({slug(answer)})")

    async def _arrives(self, order_id: str, customer: dict[str, str], sent: ShipmentCard) -> None:
        told = perf_counter()

        async def look() -> OrderStory | None:
            order = await read_order(self.client, order_id, customer)
            return order if order.status == "delivered" else None

        order = await until(
            f"delivery of order {order_id}", look, within=self.client.patience.order
        )
        if sent.state == "dispatched":  # else it arrived long before
            self.client.latencies["order_delivered"].append(perf_counter() - told)
        if confirmed := order.became("confirmed"):
            made = datetime.fromisoformat(sent.made_at) - datetime.fromisoformat(confirmed)
            self.client.latencies["shipment_made"].append(made.total_seconds())


async def read_order(client: Client, order_id: str, customer: dict[str, str]) -> OrderStory:
    """The order as its customer sees it; Lost when it cannot be seen."""
    answer = await client.ask(Ask("read_order", "GET", f"{ORDERS}/{order_id}", customer))
    if not answer.is_success:
        raise Lost(f"order {order_id} could not be read ({slug(answer)})")
    return read(OrderStory, answer)


def _why(answer: httpx.Response) -> str:
    """`cancelled`, or payment's reason for keeping the money."""
    if slug(answer) == "shipment-cancelled":
        return CANCELLED
    told = answer.json().get("reason")
    return str(told or slug(answer))
