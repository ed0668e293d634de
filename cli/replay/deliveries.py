"""Dispatches parcels as the warehouse does, and reports their delivery as the carrier does."""

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

from cli.replay.client import ApiRequest, Client, OutcomeUnknown, problem_slug
from cli.replay.customers import ORDERS_PATH
from cli.replay.polling import poll_until_found
from cli.replay.responses import OrderDetails, ShipmentCard, parse
from cli.replay.staff import StaffClient

CARRIER: Final = "souk-post"
DISPATCHED_STATUSES: Final = ("dispatched", "delivered")
CANCELLED: Final = "cancelled"


def sign_webhook(body: bytes, secret: str, timestamp: int) -> str:
    """The `Carrier-Signature` header of a carrier's webhook; `timestamp` is Unix time."""
    signed = f"{timestamp}.".encode() + body
    return f"t={timestamp},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


class DispatchResult(NamedTuple):
    """Either the dispatched shipment, or the reason why the parcel is not dispatched."""

    shipment: ShipmentCard | None
    not_dispatched: str | None


@dataclass(frozen=True)
class Deliveries:
    """Delivers orders. A parcel waits `pause_seconds` before and after its dispatch."""

    client: Client
    staff: StaffClient
    webhook_secret: str
    pause_seconds: float = 0.0

    async def deliver(self, order_id: str, customer: dict[str, str]) -> str | None:
        """Dispatch a confirmed order and report its delivery; safe to repeat.

        Returns None, or the reason why the order is not dispatched.
        Raises OutcomeUnknown when the shop does not tell the outcome.
        """
        await asyncio.sleep(self.pause_seconds)

        async def dispatch() -> DispatchResult | None:
            return await self._dispatch(order_id)

        shipment, not_dispatched = await poll_until_found(
            f"the dispatch of order {order_id}",
            dispatch,
            timeout_seconds=self.client.retry_policy.order_timeout_seconds,
        )
        if shipment is not None:
            await asyncio.sleep(self.pause_seconds)
            await self._send_webhook(shipment.tracking_number or "")
            await self._wait_for_delivery(order_id, customer, shipment)
        return not_dispatched

    async def _dispatch(self, order_id: str) -> DispatchResult | None:
        """The result; None as long as it is undecided."""
        path = f"/api/staff/shipments/{order_id}/dispatch"
        response = await self.staff.send(
            ApiRequest("dispatch", "POST", path, {}, {"carrier": CARRIER})
        )
        if response.is_success:
            card = parse(ShipmentCard, response)
            return DispatchResult(card, None) if card.status in DISPATCHED_STATUSES else None
        if response.status_code == HTTPStatus.NOT_FOUND:  # an event creates the shipment, later
            return None
        if response.status_code == HTTPStatus.CONFLICT:
            return DispatchResult(None, _conflict_reason(response))
        raise OutcomeUnknown(f"order {order_id} could not be sent ({problem_slug(response)})")

    async def _send_webhook(self, tracking_number: str) -> None:
        body = json.dumps({"tracking_number": tracking_number, "event": "delivered"}).encode()
        headers = {
            "Carrier-Signature": sign_webhook(body, self.webhook_secret, int(time.time())),
            "Content-Type": "application/json",
        }
        path = f"/api/shipments/webhooks/{CARRIER}"
        response = await self.client.send(
            ApiRequest("carrier_webhook", "POST", path, headers, body)
        )
        if not response.is_success:
            raise OutcomeUnknown(
                f"the shop rejected the webhook of parcel {tracking_number}"
                f" ({problem_slug(response)})"
            )

    async def _wait_for_delivery(
        self, order_id: str, customer: dict[str, str], shipment: ShipmentCard
    ) -> None:
        webhook_sent_at = perf_counter()

        async def find_delivered() -> OrderDetails | None:
            order = await read_order(self.client, order_id, customer)
            return order if order.status == "delivered" else None

        order = await poll_until_found(
            f"the delivery of order {order_id}",
            find_delivered,
            timeout_seconds=self.client.retry_policy.order_timeout_seconds,
        )
        if shipment.status == "dispatched":  # otherwise an earlier replay has delivered it
            self.client.latencies["order_delivered"].append(perf_counter() - webhook_sent_at)
        if confirmed_at := order.reached_at("confirmed"):
            created_at = datetime.fromisoformat(shipment.created_at)
            latency = created_at - datetime.fromisoformat(confirmed_at)
            self.client.latencies["shipment_created"].append(latency.total_seconds())


async def read_order(client: Client, order_id: str, customer: dict[str, str]) -> OrderDetails:
    """The order as its customer sees it. Raises OutcomeUnknown if it cannot be read."""
    response = await client.send(
        ApiRequest("read_order", "GET", f"{ORDERS_PATH}/{order_id}", customer)
    )
    if not response.is_success:
        raise OutcomeUnknown(f"order {order_id} could not be read ({problem_slug(response)})")
    return parse(OrderDetails, response)


def _conflict_reason(response: httpx.Response) -> str:
    """`cancelled`, or the reason why the payment cannot be captured."""
    if problem_slug(response) == "shipment-cancelled":
        return CANCELLED
    reason = response.json().get("reason")
    return str(reason or problem_slug(response))
