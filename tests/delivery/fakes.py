"""In-memory shipping options, shipments and payment, and the real stores with their events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souk.delivery.domain import (
    CaptureResult,
    CaptureUnknown,
    Label,
    Shipment,
    ShipmentStatus,
    TrackingNumberInUse,
)
from souk.delivery.events import (
    ParcelDelivered,
    ShipmentCancelled,
    ShipmentDispatched,
    ShippingPriceChanged,
)
from souk.delivery.shipping import ShippingOption, ShippingOptionExists
from souk.delivery.store import ShipmentStore, ShippingOptionStore
from souk.kernel.errors import ConcurrentUpdate, NotFound, PreconditionFailed
from souk.kernel.events import Event, current_cause
from tests.kernel import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVENTS: tuple[type[Event], ...] = (
    ShipmentDispatched,
    ShipmentCancelled,
    ParcelDelivered,
    ShippingPriceChanged,
)


class FakeShippingOptions:
    """Shipping options by id. `published` are the events written with them."""

    def __init__(self, *options: ShippingOption) -> None:
        self._options = {option.id: option for option in options}
        self.published: list[Event] = []

    def get(self, option_id: str) -> ShippingOption:
        if option_id not in self._options:
            raise NotFound(f"There is no shipping option {option_id}.")
        return self._options[option_id]

    def all(self) -> list[ShippingOption]:
        return [self._options[option_id] for option_id in sorted(self._options)]

    def add(self, option: ShippingOption, event: Event) -> None:
        if option.id in self._options:
            raise ShippingOptionExists(option.id)
        self._write(option, event)

    def save(self, after: ShippingOption, event: Event) -> None:
        if self._options[after.id].version != after.version - 1:
            raise PreconditionFailed(after.id)
        self._write(after, event)

    def _write(self, option: ShippingOption, event: Event) -> None:
        self._options[option.id] = option
        self.published.append(event)


class StoredShippingOptions(ShippingOptionStore):
    """The real store, on a table without a relay: its outbox keeps the events."""

    @property
    def published(self) -> list[Event]:
        return tables.outbox_events(self._table, *EVENTS)


class FakeShipments:
    """Shipments by order id. `published` are the events written with them, `correlation_ids` their
    correlation ids. `before_save` are concurrent updates: each runs once, before a save."""

    def __init__(self, *shipments: Shipment) -> None:
        self._shipments = {shipment.order_id: shipment for shipment in shipments}
        self._labels: dict[Label, str] = {}
        self.published: list[Event] = []
        self.correlation_ids: list[str] = []
        self.before_save: list[Callable[[], object]] = []

    def get(self, order_id: str) -> Shipment | None:
        return self._shipments.get(order_id)

    def order_of(self, label: Label) -> str | None:
        return self._labels.get(label)

    def save(self, after: Shipment, event: Event | None) -> None:
        if self.before_save:
            self.before_save.pop(0)()
        stored = self._shipments.get(after.order_id)
        if (stored.version if stored else 0) != after.version - 1:
            raise ConcurrentUpdate
        if after.status is ShipmentStatus.DISPATCHING and after.label:
            self._reserve_label(after.label, after.order_id)
        self._shipments[after.order_id] = after
        if event is not None:
            self.published.append(event)
            self.correlation_ids.append(current_cause().correlation_id)

    def _reserve_label(self, label: Label, order_id: str) -> None:
        if self._labels.setdefault(label, order_id) != order_id:
            raise TrackingNumberInUse("Another parcel has this tracking number.")

    def dispatching(self) -> Iterator[str]:
        shipments = list(self._shipments.values())
        return (
            shipment.order_id
            for shipment in shipments
            if shipment.status is ShipmentStatus.DISPATCHING
        )


class StoredShipments(ShipmentStore):
    """The real store, on a table without a relay: its outbox keeps the events."""

    @property
    def published(self) -> list[Event]:
        return tables.outbox_events(self._table, *EVENTS)


class FakePayment:
    """Captures each order's payment. `results` are its next results, None for a failed call.
    `during_capture` are concurrent updates: each runs once, during a call."""

    def __init__(self, *results: CaptureResult | None) -> None:
        self._results = list(results)
        self.calls: list[str] = []
        self.during_capture: list[Callable[[], object]] = []

    def __call__(self, order_id: str) -> CaptureResult:
        self.calls.append(order_id)
        if self.during_capture:
            self.during_capture.pop(0)()
        result = self._results.pop(0) if self._results else CaptureResult(captured=True)
        if result is None:
            raise CaptureUnknown(order_id)
        return result
