"""Plays warehouse and carrier: each confirmed order is sent, and said to have arrived."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import perf_counter, time
from typing import Final

from cli.replay.answers import OrderState, ShipmentState, read
from cli.replay.client import Ask, Lost, ReplayError, slug
from cli.replay.customers import ORDERS
from cli.replay.staff import SignedIn
from local.shop import Running

CARRIER: Final = "souk-post"
NOT_YET: Final = 404
FIRST_LOOK: Final = 0.01  # seconds until one looks again for what is on its way
LONGEST_LOOK: Final = 1.0


def carrier_key(shop: Running) -> str:
    """Read as the shop's owner would."""
    manager = shop.session().client("secretsmanager")
    kept = json.loads(
        manager.get_secret_value(SecretId=shop.outputs["CarrierSecret"])["SecretString"]
    )
    return str(kept["notice_secret"])


def signed(body: bytes, key: str) -> dict[str, str]:
    """The header by which the shop believes that a notice is the carrier's."""
    moment = str(int(time()))
    digest = hmac.digest(key.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return {"Carrier-Signature": f"t={moment},v1={digest.hex()}"}


@dataclass
class Warehouse(SignedIn):
    """Staff who send parcels, and the carrier who takes them; it signs with its key."""

    carrier_key: str = ""

    async def deliver(self, order_id: str, headers: dict[str, str]) -> None:
        """Send the order and hand it over; return once its customer sees it delivered.

        What its customer cancelled meanwhile stays where it is.
        """
        try:
            number = await self._send(order_id)
            if number is not None:
                await self._hand_over(number)
                await self._arrived(order_id, headers)
        except Lost as error:
            raise ReplayError(f"Order {order_id} could not be delivered: {error}.") from error

    async def _send(self, order_id: str) -> str | None:
        """The parcel's number; None for what was cancelled. Payment may need to be asked twice,
        and the shipment comes a moment after the order is confirmed."""
        path = f"/api/staff/shipments/{order_id}/dispatch"
        async for _ in self._looks():
            answer = await self.ask(Ask("dispatch", "POST", path, {}, {"carrier": CARRIER}))
            if slug(answer) == "shipment-cancelled":
                return None
            if answer.is_success:
                shipment = read(ShipmentState, answer)
                if shipment.state != "dispatching":
                    return shipment.tracking_number
            elif answer.status_code != NOT_YET:
                raise Lost(f"the shop would not send it ({slug(answer)})")
        raise Lost("it was not sent in time")

    async def _hand_over(self, number: str) -> None:
        body = json.dumps({"tracking_number": number, "event": "delivered"}).encode()
        headers = signed(body, self.carrier_key)
        path = f"/api/carriers/{CARRIER}/notices"
        answer = await self.client.ask(Ask("hand_over", "POST", path, headers, content=body))
        if not answer.is_success:
            raise Lost(f"the shop does not believe the carrier ({slug(answer)})")

    async def _arrived(self, order_id: str, headers: dict[str, str]) -> None:
        ask = Ask("read_order", "GET", f"{ORDERS}/{order_id}", headers)
        async for _ in self._looks():
            if read(OrderState, await self.client.ask(ask)).status == "delivered":
                return
        raise Lost("its customer does not see it delivered")

    async def _looks(self) -> AsyncIterator[None]:
        """As often as our patience lasts, with growing pauses."""
        deadline, pause = perf_counter() + self.client.patience.order, FIRST_LOOK
        while perf_counter() < deadline:
            yield
            await asyncio.sleep(pause)
            pause = min(LONGEST_LOOK, pause * 1.5)
