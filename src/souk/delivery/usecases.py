"""Use cases: shipping options, and the steps of a shipment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from souk.delivery import domain
from souk.delivery.domain import CaptureResult, Label, ShipmentStatus
from souk.delivery.shipping import ShippingOption
from souk.kernel.clock import now, timestamp
from souk.kernel.errors import ConcurrentUpdate, InvalidRequest, NotFound, PreconditionFailed
from souk.kernel.events import Cause, caused_by, current_cause
from souk.kernel.retry import attempts

if TYPE_CHECKING:
    from collections.abc import Callable

    from souk.delivery.domain import Shipment, Transition
    from souk.delivery.events import ShippingRate
    from souk.kernel.events import Event

    Capture = Callable[[str], CaptureResult]
    """Captures the payment of an order. Raises CaptureUnknown."""


class ShippingOptionRequest(NamedTuple):
    """A shipping option as staff want it to be."""

    id: str
    name: str
    rates: list[ShippingRate]
    offered: bool


class ShippingOptions(Protocol):
    """The repository of shipping options. Its writes may raise Busy."""

    def get(self, option_id: str) -> ShippingOption:
        """Raises NotFound."""

    def add(self, option: ShippingOption, event: Event) -> None:
        """Raises ShippingOptionExists."""

    def save(self, after: ShippingOption, event: Event) -> None:
        """Raises PreconditionFailed unless the stored option is the version before `after`."""


class Shipments(Protocol):
    """The repository of shipments. `save` may raise Busy."""

    def get(self, order_id: str) -> Shipment | None: ...

    def order_of(self, label: Label) -> str | None:
        """The order that reserved this label, perhaps for an attempt that failed.

        None if no order did.
        """

    def save(self, after: Shipment, event: Event | None) -> None:
        """Writes shipment and event in one transaction. In `dispatching` it reserves the label.

        Raises ConcurrentUpdate unless the stored shipment is the version before `after`, or
        TrackingNumberInUse.
        """


# --- shipping options -------------------------------------------------------------------------


def create_option(
    request: ShippingOptionRequest, *, currency: str, options: ShippingOptions
) -> ShippingOption:
    """Raises InvalidRequest for invalid rates, ShippingOptionExists, Busy."""
    _check_rates(request.rates, currency)
    option = ShippingOption(
        id=request.id, name=request.name, rates=request.rates, offered=request.offered
    )
    options.add(option, option.to_event())
    return option


def update_option(
    request: ShippingOptionRequest,
    *,
    expected_version: int,
    currency: str,
    options: ShippingOptions,
) -> ShippingOption:
    """Replace an option's name and rates, and whether it is offered.

    Baskets use them once they receive the event.
    Raises InvalidRequest for invalid rates, NotFound, PreconditionFailed, Busy.
    """
    _check_rates(request.rates, currency)
    before = options.get(request.id)
    if before.version != expected_version:
        raise PreconditionFailed(
            f"Shipping option {request.id} is at version {before.version}, your request is based"
            f" on version {expected_version}. Read it again.",
            version=before.version,
        )
    after = before.update(request.name, request.rates, offered=request.offered)
    options.save(after, after.to_event())
    return after


def _check_rates(rates: list[ShippingRate], currency: str) -> None:
    seen = set()
    for number, rate in enumerate(rates):
        if rate.price.currency != currency:
            raise InvalidRequest.field(
                f"/rates/{number}/price/currency", f"The shop's currency is {currency}."
            )
        if (rate.country, rate.max_grams) in seen:
            raise InvalidRequest.field(
                f"/rates/{number}",
                "Another rate has the same country and weight. Remove one of them.",
            )
        seen.add((rate.country, rate.max_grams))


# --- shipments --------------------------------------------------------------------------------


def create_shipment(
    order_id: str, owner: str, contact_id: str, *, shipments: Shipments
) -> Shipment:
    """Create the shipment of a confirmed order, once.

    If cancellation was requested before, the shipment is cancelled instead. Raises Busy.
    """
    at = timestamp(now())
    shipment = domain.new_shipment(
        order_id, owner, contact_id, correlation_id=current_cause().correlation_id, at=at
    )

    def step(stored: Shipment | None) -> Transition | None:
        return _existing(stored).confirm(contact_id, at)

    try:
        shipments.save(shipment, None)
    except ConcurrentUpdate:
        return _apply(order_id, step, shipments)
    return shipment


def request_cancellation(order_id: str, owner: str, *, shipments: Shipments) -> Shipment:
    """Cancel a shipment that is not dispatched. Without one, write a tombstone.

    While the shipment is `dispatching`, record the request and let the capture result decide.
    Raises Busy.
    """
    at = timestamp(now())

    def step(stored: Shipment | None) -> Transition | None:
        if stored is None:
            correlation_id = current_cause().correlation_id
            return domain.new_tombstone(order_id, owner, correlation_id=correlation_id, at=at), None
        return stored.request_cancellation(at)

    return _apply(order_id, step, shipments)


def get_shipment(order_id: str, *, shipments: Shipments) -> Shipment:
    """Raises NotFound, also for a tombstone."""
    shipment = shipments.get(order_id)
    if shipment is None or shipment.status is ShipmentStatus.TOMBSTONE:
        raise NotFound(f"Order {order_id} has no shipment.")
    return shipment


def dispatch(order_id: str, label: Label, *, shipments: Shipments, capture: Capture) -> Shipment:
    """Capture the payment and dispatch the parcel.

    Safe to repeat: a dispatched shipment stays as it is, with its label; a failed capture is tried
    again. Returns the shipment, which may be `capture-failed` or `cancelled` instead.

    Raises NotFound, AlreadyCancelled, TrackingNumberInUse, Busy.
    Raises CaptureUnknown when the capture result is unknown. The shipment then stays `dispatching`
    until a repeated call or the reconciler completes it.
    """
    found = get_shipment(order_id, shipments=shipments)
    at = timestamp(now())

    def step(stored: Shipment | None) -> Transition | None:
        return _existing(stored).start_dispatch(label, at)

    with caused_by(Cause(found.correlation_id)):
        shipment = _apply(order_id, step, shipments)
    return complete_dispatch(shipment, shipments=shipments, capture=capture)


def complete_dispatch(shipment: Shipment, *, shipments: Shipments, capture: Capture) -> Shipment:
    """Capture the payment of a shipment in `dispatching` and apply the result.

    No effect in any other status. Raises CaptureUnknown, Busy.
    """
    if shipment.status is not ShipmentStatus.DISPATCHING:
        return shipment
    with caused_by(Cause(shipment.correlation_id)):
        result = capture(shipment.order_id)
        at = timestamp(now())

        def step(stored: Shipment | None) -> Transition | None:
            return _existing(stored).complete_dispatch(result, shipment.attempt, at)

        return _apply(shipment.order_id, step, shipments)


def record_delivery(label: Label, *, shipments: Shipments) -> Shipment:
    """Record that the carrier delivered the parcel.

    Raises ParcelNotFound (retry later), Busy.
    """
    order_id = shipments.order_of(label)
    found = shipments.get(order_id) if order_id else None
    if found is None or found.label != label:
        raise domain.ParcelNotFound(
            "No dispatched parcel has this tracking number yet. Retry later."
        )
    at = timestamp(now())

    def step(stored: Shipment | None) -> Transition | None:
        return _existing(stored).deliver(at)

    with caused_by(Cause(found.correlation_id)):
        return _apply(found.order_id, step, shipments)


def _apply(
    order_id: str, step: Callable[[Shipment | None], Transition | None], shipments: Shipments
) -> Shipment:
    """Apply `step` to the stored shipment and save; after a concurrent update, read and retry.

    Returns the stored shipment when `step` returns None. Raises Busy, and whatever `step` and
    `save` raise.
    """
    for _ in attempts():
        stored = shipments.get(order_id)
        transition = step(stored)
        if transition is None:
            return _existing(stored)
        after, event = transition
        try:
            shipments.save(after, event)
        except ConcurrentUpdate:
            continue
        return after
    raise AssertionError("attempts() ends in Busy")


def _existing(shipment: Shipment | None) -> Shipment:
    """Shipments are never deleted, so one that existed before still does.

    Raises LookupError if it does not.
    """
    if shipment is None:
        raise LookupError("the shipment does not exist")
    return shipment
