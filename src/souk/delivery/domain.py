"""A shipment, from the confirmed order to the customer's door, or called off before it left.

Its row is what sending and cancelling race for (decision 18): each change is one conditional
write, and `ready -> dispatching` decides.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from msgspec.structs import replace

from souk.delivery.events import ParcelDelivered, ShipmentCancelled, ShipmentDispatched
from souk.kernel.errors import Conflict, NotFound
from souk.kernel.patterns import END

if TYPE_CHECKING:
    from souk.kernel.facts import Fact

Carrier = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}" + END)]
Number = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,40}" + END)]


class State(Enum):
    """Where a shipment stands."""

    CALLED_OFF = "called-off"  # the wish to cancel was here before the order was confirmed
    READY = "ready"
    DISPATCHING = "dispatching"  # it will leave, unless its money cannot be had
    PARKED = "parked"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


UNFINISHED = (State.READY, State.DISPATCHING, State.PARKED, State.DISPATCHED)
"""What somebody still has to see to."""


class AlreadyCancelled(Conflict):
    slug = "shipment-cancelled"
    title = "The order was cancelled first"


class NotCaptured(Conflict):
    """Member: `reason`, payment's slug."""

    slug = "not-captured"
    title = "The order's money could not be taken; its shipment is parked"


class NumberTaken(Conflict):
    slug = "tracking-number-taken"
    title = "Another parcel of this carrier has this tracking number"


class ParcelUnknown(NotFound):
    """A carrier may be faster than we are: it asks again."""

    slug = "parcel-unknown"
    title = "No parcel with this tracking number was sent, so far"
    retry_after = 60


class ShipmentMoved(Exception):
    """Somebody else changed the shipment between reading and writing."""


class MoneyUnknown(Exception):
    """Payment did not answer; the money may or may not be taken. Ask again: it is taken once."""


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What is on the parcel."""

    carrier: Carrier
    tracking_number: Number


class Verdict(NamedTuple):
    """What became of the order's money; `reason` says why it could not be taken."""

    captured: bool
    reason: str | None = None


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """One order's parcel. `attempt` counts how often it was begun to be dispatched: the verdict
    on an earlier attempt says nothing about a later one. `journey` is the order's correlation id.
    """

    order_id: str
    owner: str
    shipment_id: str
    journey: str
    made_at: str
    state: State
    contact_id: str | None = None
    label: Label | None = None
    attempt: int = 0
    begun_at: str | None = None
    reason: str | None = None
    cancel_asked_at: str | None = None
    dispatched_at: str | None = None
    delivered_at: str | None = None
    version: int = 1

    def confirm(self, contact_id: str, at: str) -> Step | None:
        """The order is confirmed: what was called off before is cancelled now, and said."""
        if self.state is not State.CALLED_OFF:
            return None
        return self._cancelled(at, contact_id=contact_id)

    def ask_to_cancel(self, at: str) -> Step | None:
        """While it is being dispatched the wish is only kept: the money decides."""
        if self.state in (State.READY, State.PARKED):
            return self._cancelled(at, cancel_asked_at=at)
        if self.state is State.DISPATCHING and self.cancel_asked_at is None:
            return self._become(cancel_asked_at=at), None
        return None

    def dispatch(self, label: Label, at: str) -> Step | None:
        """Begin; what is begun, or sent, stays as it is. Raises AlreadyCancelled."""
        if self.state in (State.CANCELLED, State.CALLED_OFF):
            raise AlreadyCancelled(f"order {self.order_id} was cancelled; send nothing")
        if self.state not in (State.READY, State.PARKED):
            return None
        begun = self._become(
            state=State.DISPATCHING,
            label=label,
            attempt=self.attempt + 1,
            begun_at=at,
            reason=None,
        )
        return begun, None

    def settle(self, verdict: Verdict, attempt: int, at: str) -> Step | None:
        """Sent if its money was taken; else parked, or cancelled if that was asked meanwhile.

        Money that was taken counts even if another asker was told before that it was not.
        """
        if attempt != self.attempt or self.state not in (State.DISPATCHING, State.PARKED):
            return None
        if verdict.captured:
            return self._sent(at)
        if self.state is State.PARKED:
            return None
        if self.cancel_asked_at is not None:
            return self._cancelled(at, reason=verdict.reason)
        return self._become(state=State.PARKED, reason=verdict.reason), None

    def deliver(self, at: str) -> Step | None:
        """Raises ParcelUnknown for one that did not leave, so far."""
        if self.state is State.DELIVERED:
            return None
        if self.state is not State.DISPATCHED:
            raise ParcelUnknown(f"the parcel of order {self.order_id} did not leave, so far")
        fact = ParcelDelivered(
            order_id=self.order_id, shipment_id=self.shipment_id, delivered_at=at
        )
        return self._become(state=State.DELIVERED, delivered_at=at), fact

    def _sent(self, at: str) -> Step:
        if self.label is None or self.contact_id is None:
            raise ValueError(f"the parcel of {self.order_id} has no label, or nobody to go to")
        fact = ShipmentDispatched(
            order_id=self.order_id,
            owner=self.owner,
            contact_id=self.contact_id,
            shipment_id=self.shipment_id,
            carrier=self.label.carrier,
            tracking_number=self.label.tracking_number,
            dispatched_at=at,
        )
        return self._become(state=State.DISPATCHED, dispatched_at=at, reason=None), fact

    def _cancelled(self, at: str, **changed: object) -> Step:
        fact = ShipmentCancelled(order_id=self.order_id, cancelled_at=at)
        return self._become(state=State.CANCELLED, **changed), fact

    def _become(self, **changed: object) -> Shipment:
        return replace(self, version=self.version + 1, **changed)


Step = tuple[Shipment, "Fact | None"]
"""A shipment as it is now, and what is said of that."""


def ready(order_id: str, owner: str, contact_id: str, *, journey: str, at: str) -> Shipment:
    """Made from a confirmed order. There is one for an order, so it may bear the order's id."""
    return Shipment(
        order_id=order_id,
        owner=owner,
        contact_id=contact_id,
        shipment_id=order_id,
        journey=journey,
        made_at=at,
        state=State.READY,
    )


def called_off(order_id: str, owner: str, *, journey: str, at: str) -> Shipment:
    """A tombstone: when the order is confirmed after all, nothing is sent."""
    return Shipment(
        order_id=order_id,
        owner=owner,
        shipment_id=order_id,
        journey=journey,
        made_at=at,
        state=State.CALLED_OFF,
        cancel_asked_at=at,
    )
