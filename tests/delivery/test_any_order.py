"""Properties of a shipment under duplicate, late and reordered events, calls and failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.delivery import handlers, usecases
from souk.delivery.domain import (
    AlreadyCancelled,
    CaptureResult,
    CaptureUnknown,
    ParcelNotFound,
    ShipmentStatus,
)
from souk.delivery.events import ParcelDelivered, ShipmentCancelled, ShipmentDispatched
from souk.kernel.errors import NotFound
from souk.ordering.events import CancellationRequested, OrderConfirmed
from tests.delivery.builders import ADA, NOON, a_label, pounds
from tests.delivery.fakes import FakeShipments

ORDER = "0196f3a2-6c1e-7d10-9b5a-1f0c2d3e4f50"
CONFIRMED = OrderConfirmed(
    order_id=ORDER, owner=ADA, contact_id="contact-1", total=pounds(100), confirmed_at=NOON
)
CANCELLATION_REQUESTED = CancellationRequested(order_id=ORDER, owner=ADA, requested_at=NOON)

TRANSITIONS = {
    ShipmentStatus.TOMBSTONE: {ShipmentStatus.CANCELLED},
    ShipmentStatus.READY: {ShipmentStatus.DISPATCHING, ShipmentStatus.CANCELLED},
    ShipmentStatus.DISPATCHING: {
        ShipmentStatus.DISPATCHED,
        ShipmentStatus.CAPTURE_FAILED,
        ShipmentStatus.CANCELLED,
    },
    ShipmentStatus.CAPTURE_FAILED: {
        ShipmentStatus.DISPATCHING,
        ShipmentStatus.DISPATCHED,
        ShipmentStatus.CANCELLED,
    },
    ShipmentStatus.DISPATCHED: {ShipmentStatus.DELIVERED},
    ShipmentStatus.DELIVERED: set(),
    ShipmentStatus.CANCELLED: set(),
}


class Shop:
    """A shop with one order. `capture_outcomes` are those of the next calls of payment: it
    captures or fails, and the response may be lost."""

    def __init__(self) -> None:
        self.shipments = FakeShipments()
        self.is_captured = False
        self.capture_outcomes: list[str] = []
        self.statuses: list[ShipmentStatus] = []

    def capture(self, _: str) -> CaptureResult:
        outcome = self.capture_outcomes.pop(0) if self.capture_outcomes else "captured"
        if outcome == "failed" and not self.is_captured:
            return CaptureResult(captured=False, reason="card-declined")
        self.is_captured = self.is_captured or outcome in ("captured", "captured, response lost")
        if outcome in ("no response", "captured, response lost"):
            raise CaptureUnknown(ORDER)
        return CaptureResult(captured=True)

    def confirm(self) -> None:
        handlers.SUBSCRIPTIONS[OrderConfirmed](CONFIRMED)

    def request_cancellation(self) -> None:
        handlers.SUBSCRIPTIONS[CancellationRequested](CANCELLATION_REQUESTED)

    def dispatch(self) -> None:
        usecases.dispatch(ORDER, a_label(), shipments=self.shipments, capture=self.capture)

    def reconcile(self) -> None:
        for order_id in list(self.shipments.dispatching()):
            shipment = usecases.get_shipment(order_id, shipments=self.shipments)
            usecases.complete_dispatch(shipment, shipments=self.shipments, capture=self.capture)

    def record_delivery(self) -> None:
        usecases.record_delivery(a_label(), shipments=self.shipments)

    def run(self, step: Callable[[Shop], None]) -> None:
        with suppress(NotFound, AlreadyCancelled, CaptureUnknown, ParcelNotFound):
            step(self)
        shipment = self.shipments.get(ORDER)
        if shipment and (not self.statuses or self.statuses[-1] is not shipment.status):
            self.statuses.append(shipment.status)

    @property
    def status(self) -> ShipmentStatus:
        return self.statuses[-1]

    def count(self, event: type) -> int:
        return [type(each) for each in self.shipments.published].count(event)


STEPS = [
    Shop.confirm,
    Shop.request_cancellation,
    Shop.dispatch,
    Shop.reconcile,
    Shop.record_delivery,
]
CAPTURE_OUTCOMES = ["captured", "failed", "no response", "captured, response lost"]


@given(
    st.lists(st.sampled_from(STEPS), max_size=15),
    st.lists(st.sampled_from(CAPTURE_OUTCOMES), max_size=6),
)
def test_a_shipment_is_dispatched_or_cancelled_and_never_both(
    steps: list[Callable[[Shop], None]], capture_outcomes: list[str]
) -> None:
    shop = Shop()
    shop.capture_outcomes = capture_outcomes
    with _handlers_use(shop):
        for step in [*steps, Shop.confirm]:
            shop.run(step)

        shop.capture_outcomes = []
        shop.run(Shop.reconcile)

    was_dispatched = shop.status in (ShipmentStatus.DISPATCHED, ShipmentStatus.DELIVERED)
    assert all(after in _reachable(before) for before, after in pairwise(shop.statuses))
    assert shop.count(ShipmentDispatched) <= 1
    assert shop.count(ShipmentCancelled) <= 1
    assert shop.count(ShipmentDispatched) + shop.count(ShipmentCancelled) <= 1
    assert shop.count(ShipmentDispatched) == was_dispatched
    assert shop.count(ShipmentCancelled) == (shop.status is ShipmentStatus.CANCELLED)
    assert shop.count(ParcelDelivered) == (shop.status is ShipmentStatus.DELIVERED)
    assert shop.status not in (ShipmentStatus.TOMBSTONE, ShipmentStatus.DISPATCHING)
    assert shop.is_captured == was_dispatched


@given(st.permutations([Shop.confirm, Shop.request_cancellation] * 3))
def test_a_shipment_that_nobody_dispatches_is_cancelled_whatever_event_arrives_first(
    steps: list[Callable[[Shop], None]],
) -> None:
    shop = Shop()
    with _handlers_use(shop):
        for step in steps:
            shop.run(step)

    assert shop.status is ShipmentStatus.CANCELLED
    assert [type(event) for event in shop.shipments.published] == [ShipmentCancelled]


def _reachable(status: ShipmentStatus) -> set[ShipmentStatus]:
    """One call may make two transitions: start the dispatch and complete it."""
    return TRANSITIONS[status].union(*(TRANSITIONS[after] for after in TRANSITIONS[status]))


@contextmanager
def _handlers_use(shop: Shop) -> Iterator[None]:
    """The event handlers read and write the shipments of `shop`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handlers, "shipments", lambda: shop.shipments)
        yield
