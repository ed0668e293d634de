"""A shipment: one order's parcel, from the confirmed order to its delivery or cancellation.

Dispatch and cancellation race for the shipment's row (decision 18). Every change is one
conditional write; the change from `ready` to `dispatching` decides the race.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from msgspec.structs import replace

from souk.delivery.events import ParcelDelivered, ShipmentCancelled, ShipmentDispatched
from souk.kernel.errors import Conflict, NotFound
from souk.kernel.patterns import END_OF_TEXT

if TYPE_CHECKING:
    from souk.kernel.events import Event

CarrierId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}" + END_OF_TEXT)]
TrackingNumber = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,40}" + END_OF_TEXT)]


class ShipmentStatus(Enum):
    TOMBSTONE = "tombstone"  # cancellation was requested before the order was confirmed
    READY = "ready"
    DISPATCHING = "dispatching"  # the capture result is not known yet
    CAPTURE_FAILED = "capture-failed"  # staff may dispatch again
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


OPEN_STATUSES = (
    ShipmentStatus.READY,
    ShipmentStatus.DISPATCHING,
    ShipmentStatus.CAPTURE_FAILED,
    ShipmentStatus.DISPATCHED,
)
"""Statuses in which staff, the reconciler or the carrier still has something to do."""


class AlreadyCancelled(Conflict):
    slug = "shipment-cancelled"
    title = "Shipment cancelled"


class CaptureFailed(Conflict):
    """Member: `reason`, a slug from payment."""

    slug = "capture-failed"
    title = "Payment capture failed"


class TrackingNumberInUse(Conflict):
    slug = "tracking-number-in-use"
    title = "Tracking number already in use"


class ParcelNotFound(NotFound):
    """The carrier's webhook may arrive before the dispatch is recorded, so it should retry."""

    slug = "parcel-not-found"
    title = "Parcel not found"
    retry_after = 60


class CaptureUnknown(Exception):
    """The call of payment failed: the payment may be captured or not.

    The call is safe to repeat, because a payment is captured only once.
    """


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel's shipping label."""

    carrier: CarrierId
    tracking_number: TrackingNumber


class CaptureResult(NamedTuple):
    """Whether the order's payment was captured; if not, `reason` is a slug that says why."""

    captured: bool
    reason: str | None = None


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """One order's parcel. Timestamps are UTC, ISO 8601.

    `attempt` counts the dispatch attempts; a capture result applies only to its own attempt.
    `reason` says why the last capture failed. `correlation_id` is the order's.
    """

    order_id: str
    owner: str
    shipment_id: str
    correlation_id: str
    created_at: str
    status: ShipmentStatus
    contact_id: str | None = None
    label: Label | None = None
    attempt: int = 0
    dispatch_started_at: str | None = None
    reason: str | None = None
    cancellation_requested_at: str | None = None
    dispatched_at: str | None = None
    delivered_at: str | None = None
    version: int = 1

    def confirm(self, contact_id: str, at: str) -> Transition | None:
        """The order was confirmed: a tombstone becomes a cancelled shipment."""
        if self.status is not ShipmentStatus.TOMBSTONE:
            return None
        return self._cancel(at, contact_id=contact_id)

    def request_cancellation(self, at: str) -> Transition | None:
        """Cancels before dispatch. During dispatch the request is recorded and the capture result
        decides; after dispatch it has no effect."""
        if self.status in (ShipmentStatus.READY, ShipmentStatus.CAPTURE_FAILED):
            return self._cancel(at, cancellation_requested_at=at)
        if self.status is ShipmentStatus.DISPATCHING and self.cancellation_requested_at is None:
            return self._change(cancellation_requested_at=at), None
        return None

    def start_dispatch(self, label: Label, at: str) -> Transition | None:
        """Starts a dispatch attempt; no effect when one is running or the parcel was dispatched.

        Raises AlreadyCancelled.
        """
        if self.status in (ShipmentStatus.CANCELLED, ShipmentStatus.TOMBSTONE):
            raise AlreadyCancelled(f"Order {self.order_id} was cancelled. Do not send its parcel.")
        if self.status not in (ShipmentStatus.READY, ShipmentStatus.CAPTURE_FAILED):
            return None
        started = self._change(
            status=ShipmentStatus.DISPATCHING,
            label=label,
            attempt=self.attempt + 1,
            dispatch_started_at=at,
            reason=None,
        )
        return started, None

    def complete_dispatch(self, result: CaptureResult, attempt: int, at: str) -> Transition | None:
        """Applies the capture result of `attempt`.

        Dispatched when the payment was captured. Otherwise cancelled, if that was requested
        meanwhile, or else `capture-failed`. A successful capture counts even after another call
        reported a failure of the same attempt.
        """
        if attempt != self.attempt or self.status not in (
            ShipmentStatus.DISPATCHING,
            ShipmentStatus.CAPTURE_FAILED,
        ):
            return None
        if result.captured:
            return self._dispatch(at)
        if self.status is ShipmentStatus.CAPTURE_FAILED:
            return None
        if self.cancellation_requested_at is not None:
            return self._cancel(at, reason=result.reason)
        return self._change(status=ShipmentStatus.CAPTURE_FAILED, reason=result.reason), None

    def deliver(self, at: str) -> Transition | None:
        """Raises ParcelNotFound for a parcel that was not dispatched yet."""
        if self.status is ShipmentStatus.DELIVERED:
            return None
        if self.status is not ShipmentStatus.DISPATCHED:
            raise ParcelNotFound(
                f"The parcel of order {self.order_id} was not dispatched yet. Retry later."
            )
        event = ParcelDelivered(
            order_id=self.order_id, shipment_id=self.shipment_id, delivered_at=at
        )
        return self._change(status=ShipmentStatus.DELIVERED, delivered_at=at), event

    def _dispatch(self, at: str) -> Transition:
        if self.label is None or self.contact_id is None:
            raise ValueError(f"the parcel of {self.order_id} has no label or no recipient")
        event = ShipmentDispatched(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            shipment_id=self.shipment_id,
            carrier=self.label.carrier,
            tracking_number=self.label.tracking_number,
            dispatched_at=at,
        )
        return self._change(status=ShipmentStatus.DISPATCHED, dispatched_at=at, reason=None), event

    def _cancel(self, at: str, **changes: object) -> Transition:
        event = ShipmentCancelled(order_id=self.order_id, cancelled_at=at)
        return self._change(status=ShipmentStatus.CANCELLED, **changes), event

    def _change(self, **changes: object) -> Shipment:
        return replace(self, version=self.version + 1, **changes)


Transition = tuple[Shipment, "Event | None"]
"""The changed shipment and the event to store with it."""


def new_shipment(
    order_id: str, owner: str, contact_id: str, *, correlation_id: str, at: str
) -> Shipment:
    """The shipment of a confirmed order. An order has one, so its id is the order's id."""
    return Shipment(
        order_id=order_id,
        owner=owner,
        contact_id=contact_id,
        shipment_id=order_id,
        correlation_id=correlation_id,
        created_at=at,
        status=ShipmentStatus.READY,
    )


def new_tombstone(order_id: str, owner: str, *, correlation_id: str, at: str) -> Shipment:
    """Marks a cancelled order that has no shipment yet: if it is confirmed later, none is sent."""
    return Shipment(
        order_id=order_id,
        owner=owner,
        shipment_id=order_id,
        correlation_id=correlation_id,
        created_at=at,
        status=ShipmentStatus.TOMBSTONE,
        cancellation_requested_at=at,
    )
